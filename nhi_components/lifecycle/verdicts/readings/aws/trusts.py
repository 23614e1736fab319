"""Whom the trusts of roles admit: by name, by account, by service, and by tokens of others."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from nhi_components.core.links import System
from nhi_components.facts.aws.authorization import Target, covers_action
from nhi_components.facts.aws.circumstances import Situation, hold, undecided
from nhi_components.facts.aws.document import read_policy
from nhi_components.facts.aws.model import Condition, GrantDocument, PolicyKind, Statement
from nhi_components.facts.aws.principals import ROLE, USER, Principal
from nhi_components.facts.aws.trust import Admission, Door, door_of
from nhi_components.facts.aws.trusting import whole_account
from nhi_components.facts.chain.model import Identity
from nhi_components.facts.model import Resource, Unjudged
from nhi_components.lifecycle.verdicts.readings.aws.held import Contents, Held
from nhi_components.lifecycle.verdicts.readings.federation import Federation, Token
from nhi_components.lifecycle.verdicts.readings.found import Found, rows_of
from nhi_components.lifecycle.verdicts.readings.patterns import Texts
from nhi_components.lifecycle.verdicts.readings.rows import Degree, Rows

_WEB_IDENTITY: Final = "sts:assumerolewithwebidentity"
_PROVIDER: Final = ":oidc-provider/"
_GOOGLE: Final = "accounts.google.com"
_CALLER: Final = "aws:principalarn"
_POSITIVE: Final = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
_NOBODY: Final = Resource("", ROLE)


class Trust(NamedTuple):
    """A trust as it was read.

    Attributes:
        door: all of it.
        wide: what of it admits accounts, or anyone, whoever of them it is.
        callers: patterns of those whom it admits by name, or by a condition on the name.
        by_token: its statements for tokens of others.
        unjudged: what could not be understood, for people; empty for nothing.
    """

    door: Door
    wide: Door
    callers: tuple[str, ...]
    by_token: tuple[Statement, ...]
    unjudged: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """A role admits a caller.

    Attributes:
        by_name: in the role's own account it asks for no permission.
        certain: on no condition that cannot be decided.
    """

    by_name: bool
    certain: bool


class Trusts:
    """The trusts of all roles.

    Args:
        found: the estate.
        held: its principals.
    """

    def __init__(self, found: Found, held: Held) -> None:
        self._held = held
        self._contents = Contents()
        self._of: dict[str, int] = {}
        documents = found.of("documents", System.AWS)
        trusts = documents.filter(documents.kind == str(PolicyKind.TRUST))
        for role, content in rows_of(trusts, "holder", "content"):
            self._of[role] = self._contents.number(content, "trust")
        self._from_steps(found, trusts)
        self._read = lru_cache(maxsize=50_000)(self._read_trust)
        self._of_account = lru_cache(maxsize=50_000)(self._admits_account)
        self._callers = Texts(key for key, each in held.principals.items() if each.identity.kind in (ROLE, USER))

    def admits_account(self, role: Principal, account: str) -> Admitted | None:
        """Tell whether a role admits whoever of an account is allowed to assume it."""
        number = self._of.get(role.identity.key)
        return None if number is None else self._of_account(number, account, role.target.account)

    def admits_service(self, role: Principal, service: str) -> bool:
        """Tell whether a service may use a role."""
        number = self._of.get(role.identity.key)
        return number is not None and self._read(number).door.admits_service(service)

    def named(self) -> Iterator[tuple[Principal, Principal, Admitted]]:
        """Yield each caller that a trust names with the role, and how it is admitted."""
        for key, number in self._of.items():
            role, trust = self._held.principals.get(key), self._read(number)
            if role is not None:
                for caller in dict.fromkeys(each for text in trust.callers for each in self._matching(text)):
                    admitted = self._admitted(trust.door, self._held.principals[caller], role)
                    if caller != key and admitted is not None:
                        yield self._held.principals[caller], role, admitted

    def open_to_own_account(self) -> Iterator[tuple[Principal, bool]]:
        """Yield the roles that admit anyone, each with whether that hangs on no condition."""
        for key in self._of:
            role = self._held.principals.get(key)
            admitted = role and self.admits_account(role, role.target.account)
            if role and admitted and admitted.by_name:
                yield role, admitted.certain

    def tell(self, rows: Rows, federation: Federation) -> None:
        """Tell whose tokens roles admit, and which trusts cannot be judged."""
        for key, number in self._of.items():
            trust = self._read(number)
            if trust.unjudged:
                rows.power(key, Degree.UNJUDGED, f"has a trust that cannot be judged: {trust.unjudged}")
            for statement in trust.by_token:
                for token in self._tokens(statement):
                    federation.admit(token, key)

    def _tokens(self, statement: Statement) -> Iterator[Token]:
        certain = True
        for condition in statement.conditions:
            if condition.key.endswith((":sub", ":aud", ":oaud", ":amr")):
                certain = certain and condition.operator in _POSITIVE
                continue
            situation = Situation(self._held.now)
            holds = hold((condition,), situation)
            if holds is False:
                return
            certain = certain and not (holds is None and undecided((condition,), situation))
        for principal in statement.principals:
            if principal.kind == "Federated":
                issuer = principal.text.partition(_PROVIDER)[2] or principal.text
                yield Token(issuer, self._subjects(issuer, statement.conditions), certain)

    @staticmethod
    def _subjects(issuer: str, conditions: Iterable[Condition]) -> tuple[str, ...]:
        """Give the patterns of the subjects that are admitted; of Google's tokens also the audience tells whose."""
        wanted = (":sub", ":aud", ":oaud") if issuer == _GOOGLE else (":sub",)
        for end in wanted:
            for condition in conditions:
                if condition.key.endswith(end) and condition.operator in _POSITIVE:
                    return tuple(value for value in condition.values if isinstance(value, str))
        return ("*",)

    def _matching(self, text: str) -> Iterable[str]:
        key = self._held.named(text)
        return (key,) if key is not None else self._callers.matching(text) if "*" in text or "?" in text else ()

    def _admits_account(self, number: int, account: str, own: str) -> Admitted | None:
        caller = Principal(Identity("", "", ROLE, _NOBODY), Target("iam", account, "", ""))
        situation = Situation(self._held.now, account=account, account_of_target=own)
        return _admitted(self._read(number).wide.admits(caller, situation))

    def _admitted(self, door: Door, caller: Principal, role: Principal) -> Admitted | None:
        user = caller.target.resource.rpartition("/")[2] if caller.identity.kind == USER else ""
        account = caller.target.account
        situation = Situation(
            self._held.now, caller.identity.key, user, account=account, account_of_target=role.target.account
        )
        return _admitted(door.admits(caller, situation))

    def _read_trust(self, number: int) -> Trust:
        resource = Resource("trust", ROLE)
        facts = read_policy(resource, "trust", self._contents.texts[number], PolicyKind.TRUST)
        document = next((fact for fact in facts if isinstance(fact, GrantDocument)), None)
        wrong = next((fact for fact in facts if isinstance(fact, Unjudged)), None)
        door = door_of(Principal(Identity("", "", ROLE, resource), Target("iam", "", "", ""), trust=document))
        wide = replace(door, statements=tuple(s for s in door.statements if not (s.allows and _callers_in(s))))
        callers = dict.fromkeys(text for s in door.statements if s.allows for text in _callers_of(s))
        by_token = tuple(s for s in door.statements if s.allows and covers_action(s, _WEB_IDENTITY))
        return Trust(door, wide, tuple(callers), by_token, f"{wrong.path}: {wrong.got}" if wrong else "")

    def _from_steps(self, found: Found, trusts: Any) -> None:
        """Take the steps into those of which no trust is told for their trust."""
        bare = found.of("steps", System.AWS).anti_join(trusts, [("target", "holder")])
        told: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for source, role, condition in sorted(rows_of(bare, "source_key", "target", "condition")):
            told[role].append(_statement(source, condition))
        for role, statements in told.items():
            text = json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)
            self._of[role] = self._contents.number(text, "trust")


def _admitted(admission: Admission | None) -> Admitted | None:
    return None if admission is None else Admitted(admission.by_name, not admission.under)


def _callers_in(statement: Statement) -> list[str]:
    """Give the patterns by which conditions choose callers."""
    return [
        value
        for condition in statement.conditions
        if condition.key == _CALLER and condition.operator in _POSITIVE
        for value in condition.values
        if isinstance(value, str)
    ]


def _callers_of(statement: Statement) -> Iterator[str]:
    yield from _callers_in(statement)
    for principal in statement.principals:
        if principal.kind == "AWS" and principal.text != "*" and not whole_account(principal):
            yield principal.text


def _statement(source: str, condition: str) -> dict[str, Any]:
    if source.endswith(".amazonaws.com"):
        kind = "Service"
    elif "-provider/" in source or (not source.startswith(("arn:", "*")) and not source.isdigit()):
        kind = "Federated"
    else:
        kind = "AWS"
    action = "sts:AssumeRoleWithWebIdentity" if kind == "Federated" else "sts:AssumeRole"
    statement: Mapping[str, Any] = {"Effect": "Allow", "Principal": {kind: source}, "Action": action}
    return {**statement, **({"Condition": json.loads(condition)} if condition else {})}
