"""Google Cloud: what members are bound to, and who becomes which service account.

Bindings add up, so that each is read by itself; only acting as accounts asks for running code besides. A member of a
pool stands between identities: whoever federates as it has what it is bound to.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from nhi_components.core.gcp_catalogue import permissions_of
from nhi_components.core.links import System
from nhi_components.facts.gcp.identities import ACT_AS, BECOMES, RUNS_CODE, SETS_POLICY, WHOLE
from nhi_components.facts.gcp.scopes import scope_of_name
from nhi_components.lifecycle.verdicts.readings.expressions import holds_at
from nhi_components.lifecycle.verdicts.readings.federation import Federation
from nhi_components.lifecycle.verdicts.readings.found import Found
from nhi_components.lifecycle.verdicts.readings.gcp_pools import Pools
from nhi_components.lifecycle.verdicts.readings.rows import Degree, Rows
from nhi_components.rules.gcp.breadth import whole_services

_ALLOW_POLICY: Final = "trust policy"
_ROLE: Final = "role definition"
_BASIC: Final = ("roles/owner", "roles/editor")
_BY_STEP: Final = {
    "impersonate": "make tokens of",
    "sign": "sign as",
    "make-key": "make a key of",
    "let-in": "let itself into",
    "unknown-role": "do what an unknown role lets it do to",
    "custom-role": "do what a custom role lets it do to",
}
_DOUBTFUL_STEPS: Final = frozenset({"unknown-role", "custom-role"})
_ANYBODY: Final = ("allUsers", "allAuthenticatedUsers")


class _Power(NamedTuple):
    degree: Degree
    how: str


class _Bound(NamedTuple):
    """A member is bound to a role on something."""

    member: str
    role: str
    target: str
    certain: bool


def read(found: Found, rows: Rows, federation: Federation) -> None:
    """Tell what the service accounts of all projects, and the members of their pools, may do and become.

    Args:
        found: the estate.
        rows: takes what is told.
        federation: the identities of other systems.
    """
    _Reader(found, rows).read(Pools(found, federation))


class _Reader:
    def __init__(self, found: Found, rows: Rows) -> None:
        self._found, self._rows = found, rows
        self._custom = _custom_roles(found)
        self._runs_code: set[str] = set()
        self._acts_on_all: dict[str, set[str]] = defaultdict(set)
        self._lets: dict[str, set[str]] = defaultdict(set)
        self._members: set[str] = set()
        self._power = lru_cache(maxsize=50_000)(self._judged)

    def read(self, pools: Pools) -> None:
        for bound in self._bound():
            self._tell_power(bound)
        for member in self._acts_on_all.keys() & self._runs_code:
            where = min(self._acts_on_all[member])
            self._rows.power(member, Degree.SELF_ESCALATING, f"may run code as any service account of {where}")
        accounts = [each.key for each in self._found.identities(System.GCP)]
        self._tell_steps()
        for name in self._members.intersection(_ANYBODY):
            for key in accounts:
                self._rows.name(key, name)
        pools.tell(self._rows, self._members, self._lets)

    def _bound(self) -> Iterator[_Bound]:
        columns = ("holder", "privilege", "target", "condition")
        for member, role, target, condition in self._found.rows("grants", System.GCP, *columns):
            if "roles/" in role:
                holds = holds_at(condition, self._found.now)
                if holds is not False:
                    self._members.add(member)
                    yield _Bound(member, role, target, holds is True)

    def _tell_power(self, bound: _Bound) -> None:
        if scope_of_name(bound.target) not in WHOLE:
            return
        permissions = self._permissions(bound.role)
        if permissions is None:
            how = f"holds {bound.role} on {bound.target}, whose permissions are not known"
            self._rows.power(bound.member, Degree.UNJUDGED, how)
            return
        if not permissions.isdisjoint(RUNS_CODE) and bound.certain:
            self._runs_code.add(bound.member)
        if ACT_AS in permissions and bound.certain:
            self._acts_on_all[bound.member].add(bound.target)
        power = self._power(bound.role, bound.target)
        if power is not None:
            self._rows.power(bound.member, power.degree, power.how, certain=bound.certain)

    def _judged(self, role: str, target: str) -> _Power | None:
        """Tell what a role on a project or more amounts to; as `facts.gcp.identities` does."""
        permissions, scope = self._permissions(role) or frozenset(), scope_of_name(target)
        what = f"({role} on {target})"
        if role in _BASIC:
            return _Power(Degree.ADMINISTRATOR, f"is administrator of a {scope} {what}")
        if not SETS_POLICY.isdisjoint(permissions):
            return _Power(Degree.SELF_ESCALATING, f"may edit the policy of a {scope} {what}")
        if any(permission in permissions for permission, _ in BECOMES.items()):
            return _Power(Degree.SELF_ESCALATING, f"may become any service account of a {scope} {what}")
        services = whole_services(permissions)
        return _Power(Degree.WILDCARD, f"may do everything of {', '.join(services[:3])} {what}") if services else None

    def _permissions(self, role: str) -> frozenset[str] | None:
        return permissions_of(role) if role.startswith("roles/") else self._custom.get(role)

    def _tell_steps(self) -> None:
        policies = set()
        documents = self._found.rows("documents", System.GCP, "holder", "kind", "content")
        for account, kind, content in documents:
            if kind == _ALLOW_POLICY and not account.startswith("principal"):
                policies.add(account)
                for binding in json.loads(content).get("bindings", ()):
                    self._tell_binding(account, binding)
        columns = ("source_key", "target", "how", "condition")
        for source, target, how, condition in self._found.rows("steps", System.GCP, *columns):
            if target not in policies and how in _BY_STEP:
                holds = holds_at(condition, self._found.now)
                if holds is not False:
                    self._step(source, target, _BY_STEP[how], certain=holds is True and how not in _DOUBTFUL_STEPS)

    def _tell_binding(self, account: str, binding: dict[str, Any]) -> None:
        condition = binding.get("condition")
        holds = holds_at(json.dumps(condition) if condition else "", self._found.now)
        if holds is False:
            return
        role = str(binding["role"])
        permissions = self._permissions(role)
        for member in binding["members"]:
            if permissions is None:
                self._step(member, account, f"do what {role}, which is not known, lets it do to", certain=False)
            elif how := self._how(member, permissions):
                self._step(member, account, how, certain=holds is True)

    def _how(self, member: str, permissions: frozenset[str]) -> str:
        alone = next((how for permission, how in BECOMES.items() if permission in permissions), "")
        if alone or ACT_AS not in permissions:
            return alone
        return "run code as" if member in self._runs_code else ""

    def _step(self, member: str, account: str, how: str, *, certain: bool) -> None:
        if not member.startswith("deleted:"):
            self._members.add(member)
            self._lets[member].add(account)
            self._rows.step(member, account, how, certain=certain)


def _custom_roles(found: Found) -> dict[str, frozenset[str]]:
    """Read what custom roles hold; a disabled one gives nothing."""
    roles = {}
    for name, kind, content in found.rows("documents", System.GCP, "holder", "kind", "content"):
        if kind == _ROLE:
            told = json.loads(content)
            roles[name] = frozenset(() if told.get("stage") == "DISABLED" else told.get("includedPermissions", ()))
    return roles
