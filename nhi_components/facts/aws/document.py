"""Reads AWS policy documents into statements; what it cannot read becomes a fact of its own, never nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nhi_components.core.text import shown
from nhi_components.facts.aws.model import Condition, GrantDocument, PolicyKind, Principal, Statement
from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, Located, MalformedJson, Unknown, kind_of, parse_json

_VERSIONS = ("2012-10-17", "2008-10-17")
_DOCUMENT_ELEMENTS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_PRINCIPAL_KINDS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_GUIDE = "write it as the grammar of the IAM JSON policy language asks"


def read_policy(resource: Resource, path: str, value: object, kind: PolicyKind, service: str = "") -> tuple[Fact, ...]:
    """Read one policy document.

    Args:
        resource: what it was found in.
        path: the place inside the resource.
        value: JSON text, the same as data, or UNKNOWN.
        kind: what the document hangs on.
        service: for a resource policy, the service that owns the resource.

    Returns:
        A `GrantDocument` when there is anything to judge, and an `Unjudged` or `NotYetKnown` for each part that is not.
    """
    return tuple(_Reader(resource, kind).document(path, value, service))


class _Reader:
    """Reads one document and gathers everything that is wrong with it."""

    def __init__(self, resource: Resource, kind: PolicyKind) -> None:
        self._resource = resource
        self._kind = kind
        self._noted: list[Fact] = []

    def document(self, path: str, value: object, service: str) -> Iterator[Fact]:
        statements = tuple(self._statements(path, value))
        if statements:
            yield GrantDocument(self._resource, path, self._kind, statements, service)
        yield from self._noted

    def _wrong(self, path: str, got: str, expected: str, fix: str = _GUIDE) -> None:
        self._noted.append(Unjudged(self._resource, path, got, expected, fix))

    def _not_yet_known(self, path: str, subject: str) -> None:
        self._noted.append(NotYetKnown(self._resource, path, subject))

    def _statements(self, path: str, value: object) -> Iterator[Statement]:
        document = self._object(path, value)
        if document is None:
            return
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
                yield from self._statement(place, given)
            case list():
                for index, member in enumerate(given):
                    yield from self._statement(f"{place}[{index}]", member)
            case _:
                self._wrong(place, kind_of(given), "a statement or a list of statements")

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
        if not given.keys() <= allowed:
            for key in given.keys() - allowed:
                expected = f"only {', '.join(sorted(allowed))}, in these letters"
                self._wrong(path, f"the element {shown(key)!r}", expected, "remove it, or correct its spelling")

    def _statement(self, path: str, given: object) -> Iterator[Statement]:
        if given is UNKNOWN:
            self._not_yet_known(path, "statement")
            return
        if not isinstance(given, dict):
            self._wrong(path, kind_of(given), "a statement: a JSON object")
            return
        self._refuse_unknown_elements(path, given, _STATEMENT_ELEMENTS)
        effect = given.get("Effect")
        if effect is UNKNOWN:
            self._not_yet_known(f"{path}.Effect", "effect")
        elif effect not in ("Allow", "Deny"):
            got = repr(effect)[:20] if isinstance(effect, str) else kind_of(effect)
            self._wrong(f"{path}.Effect", got, "Allow or Deny, in these letters")
        self._refuse_contradictions(path, given)
        yield Statement(
            path=path,
            allows=effect != "Deny",
            actions=self._element(path, given, "Action", self._action) or (),
            not_actions=self._element(path, given, "NotAction", self._action),
            resources=self._element(path, given, "Resource", self._arn) or (),
            not_resources=self._element(path, given, "NotResource", self._arn),
            principals=self._principals(path, given, "Principal") or (),
            not_principals=self._principals(path, given, "NotPrincipal"),
            conditions=self._conditions(f"{path}.Condition", given.get("Condition", {})),
        )

    def _refuse_contradictions(self, path: str, given: Mapping[str, Any]) -> None:
        needed = ["Action"]
        if self._kind in (PolicyKind.IDENTITY, PolicyKind.BOUNDARY):
            needed.append("Resource")
        if self._kind in (PolicyKind.TRUST, PolicyKind.RESOURCE):
            needed.append("Principal")
        for name in ("Action", "Resource", "Principal"):
            either, other = name in given, f"Not{name}" in given
            if either and other:
                self._wrong(path, f"both {name} and Not{name}", "one of the two", "keep the one you mean")
            elif name in needed and not either and not other:
                self._wrong(path, f"no {name}", f"{name} in every statement of a {self._kind}", f"add {name}")

    def _element(
        self, path: str, given: Mapping[str, Any], name: str, check: Callable[[Located], None]
    ) -> tuple[Located, ...] | None:
        if name not in given:
            return None
        texts = tuple(self._texts(f"{path}.{name}", given[name]))
        for text in texts:
            check(text)
        return texts

    def _texts(self, path: str, value: object) -> Iterator[Located]:
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

    def _action(self, action: Located) -> None:
        service, _, name = action.text.partition(":")
        only_wildcards = action.text and not action.text.strip("*?")
        if not (service and name) and not only_wildcards:
            fix = "write the service's prefix, a colon and the action's name"
            self._wrong(action.path, shown(action.text), "an action such as `sqs:SendMessage`", fix)

    def _arn(self, arn: Located) -> None:
        if not arn.text.startswith(("arn:", "*", "?", "a*", "a?", "ar*", "ar?", "arn*", "arn?")):
            self._wrong(arn.path, shown(arn.text), "an ARN, such as `arn:aws:sqs:eu-west-1:111122223333:orders`")

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
            case _:
                self._wrong(place, kind_of(value), 'an object such as {"AWS": "arn:…"}, or "*"')
                return ()

    def _principals_by_kind(self, path: str, value: Mapping[str, Any]) -> Iterator[Principal]:
        for kind, members in value.items():
            place = f"{path}.{kind}"
            if kind not in _PRINCIPAL_KINDS:
                self._wrong(place, shown(kind), f"one of {', '.join(sorted(_PRINCIPAL_KINDS))}")
            yield from (Principal(kind, text, at) for text, at in self._texts(place, members))

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
                yield _condition(operator, "", (UNKNOWN,))
            elif isinstance(keys, dict):
                for key, values in keys.items():
                    yield _condition(operator, key, self._condition_values(f"{place}.{key}", values))
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


def _condition(operator: str, key: str, values: tuple[str | Unknown, ...]) -> Condition:
    name = operator.lower()
    qualifier, colon, rest = name.partition(":")
    if colon:
        name = rest
    bare = name.removesuffix("ifexists")
    return Condition(bare, key.lower(), values, qualifier if colon else "", bare != name)
