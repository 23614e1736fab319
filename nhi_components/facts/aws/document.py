"""Reads AWS policy documents into statements; what it cannot read becomes a fact of its own, never nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

from nhi_components.core.text import shown
from nhi_components.facts.aws.model import Condition, GrantDocument, PolicyKind, Principal, Statement
from nhi_components.facts.aws.patterns import has_wildcard
from nhi_components.facts.aws.traits import MALFORMED, traits_of
from nhi_components.facts.aws.usual import BEGINNINGS_OF_ARNS, are_texts, condition_of, usual_statement
from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, Located, MalformedJson, Unknown, kind_of, parse_json

_VERSIONS = ("2012-10-17", "2008-10-17")
_DOCUMENT_ELEMENTS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_PRINCIPAL_KINDS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_EFFECTS = ("Allow", "Deny")
_NEEDED = {
    PolicyKind.IDENTITY: ("Action", "Resource"),
    PolicyKind.BOUNDARY: ("Action", "Resource"),
    PolicyKind.TRUST: ("Action", "Principal"),
    PolicyKind.RESOURCE: ("Action", "Principal"),
    PolicyKind.DECLARED: ("Action",),
}
MOST_PATTERNS: Final = 128
"""Patterns over several services, such as `*:Get*`, that are looked up in one document: each costs milliseconds."""
_GUIDE = "write it as the grammar of the IAM JSON policy language asks"

Context = Mapping[str, Any]
_NO_CONTEXT: Context = {}


def read_policy(
    resource: Resource, path: str, value: object, kind: PolicyKind, service: str = "", context: Context = _NO_CONTEXT
) -> tuple[Fact, ...]:
    """Read one policy document.

    Args:
        resource: what it was found in.
        path: the place inside the resource.
        value: JSON text, the same as data, or UNKNOWN.
        kind: what the document hangs on.
        service: for a resource policy, the service that owns the resource.
        context: what is known around it: `account`, `trusted_accounts`, and for the policies of a principal its
            `boundary` and its other `policies`, as documents.

    Returns:
        A `GrantDocument` when there is anything to judge, and an `Unjudged` or `NotYetKnown` for each part that is not.
    """
    reader = _Reader(resource, kind)
    statements = reader.statements(path, value)
    account, trusted, boundary = "", frozenset[str](), None
    if context:
        account, trusted = reader.accounts(context)
        statements += reader.companions(context)
        boundary = reader.boundary(context)
    if not statements:
        return tuple(reader.noted)
    document = GrantDocument(resource, path, kind, statements, service, account, trusted, boundary)
    return (document, *reader.noted)


class _Reader:
    """Reads one document and gathers everything that is wrong with it."""

    def __init__(self, resource: Resource, kind: PolicyKind) -> None:
        self._resource = resource
        self._kind = kind
        self._holds = "Principal" not in _NEEDED[kind]
        self.noted: list[Fact] = []

    def accounts(self, context: Context) -> tuple[str, frozenset[str]]:
        """Give the document's own account and those that belong to the same organisation."""
        account, trusted = context.get("account", ""), context.get("trusted_accounts", ())
        if not isinstance(account, str):
            self._wrong("context.account", kind_of(account), "an account id: twelve digits in a string")
            account = ""
        if not isinstance(trusted, list | tuple) or not all(isinstance(member, str) for member in trusted):
            self._wrong("context.trusted_accounts", kind_of(trusted), "a list of account ids")
            trusted = ()
        return account, frozenset(trusted)

    def companions(self, context: Context) -> tuple[Statement, ...]:
        """Give the statements of the other policies of the same principal."""
        policies = context.get("policies", ())
        if not isinstance(policies, list | tuple):
            policies = [policies]
        read = (self.statements(f"context.policies[{n}]", policy) for n, policy in enumerate(policies))
        return tuple(chain.from_iterable(read))

    def boundary(self, context: Context) -> tuple[Statement, ...] | None:
        """Give the statements of the principal's permissions boundary; None when none is told."""
        given = context.get("boundary", context.get("permission_boundary"))
        if given is None:
            return None
        reader = _Reader(self._resource, PolicyKind.BOUNDARY)
        statements = reader.statements("context.boundary", given)
        self.noted += reader.noted
        return statements

    def _wrong(self, path: str, got: str, expected: str, fix: str = _GUIDE) -> None:
        self.noted.append(Unjudged(self._resource, path, got, expected, fix))

    def _not_yet_known(self, path: str, subject: str) -> None:
        self.noted.append(NotYetKnown(self._resource, path, subject))

    def statements(self, path: str, value: object) -> tuple[Statement, ...]:
        """Read the statements of a document; what is wrong is noted."""
        document = self._object(path, value)
        if document is None:
            return ()
        if not document.keys() <= _DOCUMENT_ELEMENTS:
            self._refuse_unknown_elements(path, document, _DOCUMENT_ELEMENTS)
        version = document.get("Version", _VERSIONS[0])
        if version not in _VERSIONS and version is not UNKNOWN:
            self._wrong(f"{path}.Version", shown(version), " or ".join(_VERSIONS), f"write {_VERSIONS[0]}")
        given = document.get("Statement")
        place = f"{path}.Statement"
        match given:
            case Unknown():
                self._not_yet_known(place, "statements")
            case dict():
                return tuple(self._listed(place, (None,), [given]))
            case list():
                return tuple(self._listed(place, range(len(given)), given))
            case _:
                self._wrong(place, kind_of(given), "a statement or a list of statements")
        return ()

    def _listed(self, place: str, indices: Iterable[int | None], members: list[Any]) -> list[Statement]:
        statements: list[Statement] = []
        if _are_too_many(members):
            expected = f"at most {MOST_PATTERNS} patterns such as `*:Get*`"
            self._wrong(
                place,
                "more patterns over several services than are judged",
                expected,
                "list the actions that are needed",
            )
            return statements
        for index, member in zip(indices, members, strict=True):
            usual = usual_statement(place, index, member) if self._holds and type(member) is dict else None
            if usual is not None:
                statements.append(usual)
            else:
                statements += self._statement(place, index, member)
        return statements

    def _object(self, path: str, value: object) -> Mapping[str, Any] | None:
        if value is UNKNOWN:
            self._not_yet_known(path, "policy document")
            return None
        if isinstance(value, str):
            try:
                value = parse_json(value)
            except MalformedJson as error:
                self._wrong(path, f"text that is not a policy document: {error}", "a JSON object", "correct the JSON")
                return None
        if not isinstance(value, dict):
            self._wrong(path, kind_of(value), "a policy document: a JSON object")
            return None
        return value

    def _refuse_unknown_elements(self, path: str, given: Mapping[str, Any], allowed: frozenset[str]) -> None:
        for key in given.keys() - allowed:
            expected = f"only {', '.join(sorted(allowed))}, in these letters"
            self._wrong(path, f"the element {shown(key)!r}", expected, "remove it, or correct its spelling")

    def _statement(self, document: str, index: int | None, given: object) -> list[Statement]:
        if not isinstance(given, dict):
            place = _at(document, index)
            if given is UNKNOWN:
                self._not_yet_known(place, "statement")
            else:
                self._wrong(place, kind_of(given), "a statement: a JSON object")
            return []
        effect = given.get("Effect")
        self._check_elements(_at(document, index), given)
        actions = self._texts(document, index, given, "Action") or ()
        resources = self._texts(document, index, given, "Resource") or ()
        path = _at(document, index)
        conditions = given.get("Condition")
        statement = Statement(
            document,
            index,
            given,
            effect != "Deny",
            actions,
            resources,
            self._texts(document, index, given, "NotAction"),
            self._texts(document, index, given, "NotResource"),
            self._principals(path, given, "Principal") or (),
            self._principals(path, given, "NotPrincipal"),
            self._conditions(f"{path}.Condition", conditions) if "Condition" in given else (),
        )
        self._check_texts(statement)
        return [statement]

    def _check_texts(self, statement: Statement) -> None:
        fix = "write the service's prefix, a colon and the action's name"
        for element, texts in (("Action", statement.actions), ("NotAction", statement.not_actions)):
            for text in texts or ():
                if traits_of(text) & MALFORMED:
                    place = statement.place(element, text)
                    self._wrong(place, shown(text), "an action such as `sqs:SendMessage`", fix)
        expected = "an ARN, such as `arn:aws:sqs:eu-west-1:111122223333:orders`"
        for element, texts in (("Resource", statement.resources), ("NotResource", statement.not_resources)):
            for text in texts or ():
                if not are_arns((text,)):
                    self._wrong(statement.place(element, text), shown(text), expected)

    def _check_elements(self, path: str, given: Mapping[str, Any]) -> None:
        if not given.keys() <= _STATEMENT_ELEMENTS:
            self._refuse_unknown_elements(path, given, _STATEMENT_ELEMENTS)
        effect = given.get("Effect")
        if effect is UNKNOWN:
            self._not_yet_known(f"{path}.Effect", "effect")
        elif effect not in _EFFECTS:
            got = repr(effect)[:20] if isinstance(effect, str) else kind_of(effect)
            self._wrong(f"{path}.Effect", got, "Allow or Deny, in these letters")
        for name in ("Action", "Resource", "Principal"):
            either, other = name in given, f"Not{name}" in given
            if either and other:
                self._wrong(path, f"both {name} and Not{name}", "one of the two", "keep the one you mean")
            elif not either and not other and name in _NEEDED[self._kind]:
                self._wrong(path, f"no {name}", f"{name} in every statement of a {self._kind}", f"add {name}")

    def _texts(
        self, document: str, index: int | None, given: Mapping[str, Any], element: str
    ) -> tuple[str, ...] | None:
        value = given.get(element)
        if type(value) is str:
            return (value,)
        if type(value) is list and are_texts(value):
            return tuple(value)
        if element not in given:
            return None
        return tuple(text.text for text in self._members(f"{_at(document, index)}.{element}", value))

    def _members(self, path: str, value: object) -> Iterator[Located]:
        match value:
            case str():
                yield Located(value, path)
            case list():
                for index, member in enumerate(value):
                    place = f"{path}[{index}]"
                    if isinstance(member, str):
                        yield Located(member, place)
                    elif member is UNKNOWN:
                        self._not_yet_known(place, "value")
                    else:
                        self._wrong(place, kind_of(member), "a string")
            case Unknown():
                self._not_yet_known(path, "value")
            case _:
                self._wrong(path, kind_of(value), "a string or a list of strings")

    def _principals(self, path: str, given: Mapping[str, Any], name: str) -> tuple[Principal, ...] | None:
        if name not in given:
            return None
        place, value = f"{path}.{name}", given[name]
        match value:
            case "*":
                return (Principal("*", "*", place),)
            case Unknown():
                self._not_yet_known(place, "principal")
                return ()
            case dict():
                return tuple(self._principals_by_kind(place, value))
            case list() | str():
                self._wrong(place, kind_of(value), 'an object such as {"AWS": "arn:…"}, or "*"')
                return tuple(Principal("AWS", text, at) for text, at in self._members(place, value))
            case _:
                self._wrong(place, kind_of(value), 'an object such as {"AWS": "arn:…"}, or "*"')
                return ()

    def _principals_by_kind(self, path: str, value: Mapping[str, Any]) -> Iterator[Principal]:
        for kind, members in value.items():
            place = f"{path}.{kind}"
            if kind not in _PRINCIPAL_KINDS:
                self._wrong(place, shown(kind), f"one of {', '.join(sorted(_PRINCIPAL_KINDS))}")
            yield from (Principal(kind, text, at) for text, at in self._members(place, members))

    def _conditions(self, path: str, value: object) -> tuple[Condition, ...]:
        if value is UNKNOWN:
            self._not_yet_known(path, "conditions")
            return (Condition("", "", (UNKNOWN,)),)
        if not isinstance(value, dict):
            self._wrong(path, kind_of(value), "an object of operators")
            return ()
        return tuple(self._conditions_by_operator(path, value))

    def _conditions_by_operator(self, path: str, value: Mapping[str, Any]) -> Iterator[Condition]:
        for operator, keys in value.items():
            place = f"{path}.{operator}"
            if keys is UNKNOWN:
                self._not_yet_known(place, "condition")
                yield condition_of(operator, "", (UNKNOWN,))
            elif isinstance(keys, dict):
                for key, values in keys.items():
                    yield condition_of(operator, key, self._condition_values(f"{place}.{key}", values))
            else:
                self._wrong(place, kind_of(keys), "an object of condition keys")

    def _condition_values(self, path: str, value: object) -> tuple[str | Unknown, ...]:
        values: list[str | Unknown] = []
        for member in value if isinstance(value, list) else [value]:
            match member:
                case str() | Unknown():
                    values.append(member)
                case bool():
                    values.append(str(member).lower())
                case int() | float():
                    values.append(str(member))
                case _:
                    self._wrong(path, kind_of(member), "a string, a number, a boolean, or a list of them")
        if UNKNOWN in values:
            self._not_yet_known(path, "condition")
        return tuple(values)


def _are_too_many(members: list[Any]) -> bool:
    """Tell whether statements hold more patterns over several services than are looked up."""
    lists = [action for member in members if type(member) is dict and type(action := member.get("Action")) is list]
    if len(members) + sum(map(len, lists)) <= MOST_PATTERNS:
        return False
    texts = [text for action in lists for text in action if type(text) is str]
    texts += [action for member in members if type(member) is dict and type(action := member.get("Action")) is str]
    return len({text for text in texts if has_wildcard(text.partition(":")[0])}) > MOST_PATTERNS


def are_arns(texts: Iterable[str]) -> bool:
    """Tell whether every text begins as an ARN, or as a pattern of some."""
    return all(text.startswith(BEGINNINGS_OF_ARNS) for text in texts)


def _at(document: str, index: int | None) -> str:
    return document if index is None else f"{document}[{index}]"
