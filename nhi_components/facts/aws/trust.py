"""Whom the trust of one role admits, of those that live in the same stack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from nhi_components.core.glob import glob_matches
from nhi_components.facts.aws.authorization import covers_action
from nhi_components.facts.aws.circumstances import Situation, hold, undecided
from nhi_components.facts.aws.model import Principal as Named
from nhi_components.facts.aws.model import Statement
from nhi_components.facts.aws.principals import Principal
from nhi_components.facts.aws.takeovers import ASSUME
from nhi_components.facts.aws.trusting import whole_account
from nhi_components.facts.aws.workloads import PASSED_TO_ANOTHER
from nhi_components.facts.values import UNKNOWN, Unknown

_SERVICE_ACCOUNT = re.compile(r"system:serviceaccount:([^:*?]+):([^:*?]+)")
_WEB_IDENTITY = "sts:assumerolewithwebidentity"


class Admission(NamedTuple):
    """A trust admits a caller.

    Attributes:
        by_name: it names the caller, or anyone, so that no permission is needed in the same account.
        words: `names orders-ci`, or `admits the account`.
        place: where it says so.
        under: the condition keys of which the stack does not tell whether they hold.
    """

    by_name: bool
    words: str
    place: str
    under: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Door:
    """The trust of one role.

    Attributes:
        statements: its statements; empty when it admits nobody, or is not known.
        is_known: the document is known.
        names: the last parts of the ARNs that it names, as `role/orders`.
        references: keys of what stands where it names a principal that is not known yet.
        place: where it stands.
    """

    statements: tuple[Statement, ...]
    is_known: bool
    names: frozenset[str]
    references: frozenset[str]
    place: str

    def admits(self, caller: Principal, situation: Situation) -> Admission | None:
        """Tell how it admits a caller for sts:AssumeRole; None when it does not."""
        best: Admission | None = None
        for statement in self.statements:
            if not covers_action(statement, ASSUME):
                continue
            holds = hold(statement.conditions, situation)
            if not statement.allows:
                if holds is True and self._applies(statement, caller):
                    return None
            elif holds is not False and (best is None or not best.by_name):
                best = self._admission(statement, caller, situation) or best
        return best

    def admits_service(self, service: str) -> bool:
        """Tell whether a service may use the role, itself or by the service to which it hands the role on."""
        wanted = {_label(service)} | PASSED_TO_ANOTHER.get(_label(service), frozenset())
        return any(
            principal.kind == "*" or (principal.kind == "Service" and _label(principal.text) in wanted)
            for statement in self.statements
            if statement.allows
            for principal in statement.principals
        )

    def service_accounts(self, now: datetime | None) -> Iterator[tuple[str, str, str]]:
        """Yield namespace, name and place of each Kubernetes service account that it names as subject.

        Args:
            now: the moment at which it admits them; None for any.
        """
        for statement in self.statements:
            if not statement.allows or not covers_action(statement, _WEB_IDENTITY):
                continue
            if now is not None and hold(statement.conditions, Situation(now)) is False:
                continue
            for condition in statement.conditions:
                if condition.key.endswith(":sub"):
                    for value in condition.values:
                        named = _SERVICE_ACCOUNT.fullmatch(value) if isinstance(value, str) else None
                        if named:
                            yield named[1], named[2], f"{statement.path}.Condition"

    def admits_pods(self) -> bool:
        """Tell whether EKS may give the role to pods."""
        return self.admits_service("pods.eks.amazonaws.com")

    def _admission(self, statement: Statement, caller: Principal, situation: Situation) -> Admission | None:
        under = tuple(undecided(statement.conditions, situation))
        by_account: Admission | None = None
        if statement.not_principals is not None:
            if not any(_is(named, caller) for named in statement.not_principals):
                return Admission(True, "admits all but a few", f"{statement.path}.NotPrincipal", under)
            return None
        for named in statement.principals:
            if named.text == "*" and named.kind in ("*", "AWS"):
                return Admission(True, "admits anyone", named.path, under)
            if _is(named, caller):
                return Admission(True, f"names {caller.identity.name}", named.path, under)
            account = whole_account(named)
            if account and caller.target.account in ("", account):
                by_account = Admission(False, "admits the account", named.path, under)
        if caller.identity.key in self.references and _has_unknown(statement):
            return Admission(True, f"names {caller.identity.name}", f"{statement.path}.Principal", under)
        return by_account

    @staticmethod
    def _applies(statement: Statement, caller: Principal) -> bool:
        if statement.not_principals is not None:
            return not any(_is(named, caller) or _of_account(named, caller) for named in statement.not_principals)
        return any(named.text == "*" or _is(named, caller) for named in statement.principals)


def door_of(principal: Principal) -> Door:
    """Give the trust of a principal; users and groups have none, and admit nobody."""
    trust = principal.trust
    if trust is None:
        is_known = principal.identity.kind != "role"
        return Door((), is_known, frozenset(), principal.trust_references, "assumeRolePolicy")
    named = {_end(each.text) for statement in trust.statements for each in statement.principals if each.kind == "AWS"}
    unknown = any(_has_unknown(statement) for statement in trust.statements)
    references = principal.trust_references if unknown else frozenset()
    return Door(trust.statements, True, frozenset(named), references, trust.path)


def _is(named: Named, caller: Principal) -> bool:
    if named.kind != "AWS" or not caller.target.resource:
        return False
    parts = named.text.split(":", 5)
    if len(parts) < 6 or caller.target.account not in ("", parts[4]):
        return False
    return _end(named.text) == _end(caller.target.resource)


def _of_account(named: Named, caller: Principal) -> bool:
    account = whole_account(named)
    return bool(account) and caller.target.account in ("", account)


def _end(arn: str) -> str:
    """Give kind and name of a principal, such as `role/orders`, without its path; a role's sessions are the role."""
    end = arn.split(":", 5)[-1]
    kind, _, rest = end.partition("/")
    if kind == "assumed-role":
        return f"role/{rest.partition('/')[0]}"
    return f"{kind}/{rest.rpartition('/')[2]}"


def _has_unknown(statement: Statement) -> bool:
    given = statement.given.get("Principal")
    if isinstance(given, Unknown):
        return True
    values = given.values() if isinstance(given, dict) else ()
    return any(value is UNKNOWN or (isinstance(value, list) and UNKNOWN in value) for value in values)


def _label(service: str) -> str:
    """Give a service principal without domain and region: `states` of `states.eu-west-1.amazonaws.com`."""
    name = service.lower().partition(".amazonaws.")[0]
    head, dot, tail = name.rpartition(".")
    return head if dot and glob_matches("*-*-?", tail) else name
