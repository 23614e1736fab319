"""Azure and its directory: what principals are assigned at which scopes, and which identities they become.

Assignments add up, and what a role takes out again denies nothing; so each is read by itself. Only running code as an
identity that one may assign asks for both. Sources: as in `facts.azure.identities` and `rules.azure.methods`;
Microsoft Entra documentation, 'Privileged roles and permissions'; Microsoft Graph permissions reference.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from nhi_components.core.links import System
from nhi_components.facts.azure.catalogue import built_in_roles
from nhi_components.facts.azure.directory import is_directory_role
from nhi_components.facts.azure.identities import ASSIGN, ASSIGN_ROLES, COMMANDS, FEDERATE, RUNS_CODE
from nhi_components.facts.azure.model import Permission, RoleDefinition, ScopeLevel
from nhi_components.facts.azure.patterns import matches, spans_providers, verbs
from nhi_components.facts.azure.role_definition import read_role_definition
from nhi_components.facts.azure.scopes import level_of
from nhi_components.facts.model import Resource
from nhi_components.lifecycle.verdicts.readings.federation import Federation, Token
from nhi_components.lifecycle.verdicts.readings.found import Found
from nhi_components.lifecycle.verdicts.readings.patterns import Texts
from nhi_components.lifecycle.verdicts.readings.rows import Degree, Rows
from nhi_components.rules.azure.methods import METHODS

_MACHINE: Final = "microsoft.compute/virtualmachines"
_DEFINITION: Final = "role definition"
_DEFINITIONS: Final = "/roleManagement/directory/"
_ADMINISTRATORS: Final = frozenset({"global administrator", "privileged role administrator", "partner tier2 support"})
_CREDENTIALS: Final = "may add a secret to any application"
_PASSWORDS: Final = "may reset the passwords of those who hold more"
_GROUPS: Final = "may join groups that hold more"
_DIRECTORY: Final[dict[str, str]] = {
    "privileged authentication administrator": _PASSWORDS,
    "application administrator": _CREDENTIALS,
    "cloud application administrator": _CREDENTIALS,
    "hybrid identity administrator": _CREDENTIALS,
    "partner tier1 support": _CREDENTIALS,
    "directory synchronization accounts": _CREDENTIALS,
    "user administrator": _PASSWORDS,
    "groups administrator": _GROUPS,
    "directory writers": _GROUPS,
    "intune administrator": _GROUPS,
    "domain name administrator": "may federate a domain, and sign in as anyone",
    "external identity provider administrator": "may federate a domain, and sign in as anyone",
}
_GRAPH: Final[dict[str, str]] = {
    "RoleManagement.ReadWrite.Directory": "may assign itself any role of the directory",
    "RoleAssignmentSchedule.ReadWrite.Directory": "may assign itself any role of the directory",
    "RoleEligibilitySchedule.ReadWrite.Directory": "may assign itself any role of the directory",
    "AppRoleAssignment.ReadWrite.All": "may grant itself any permission of an application",
    "Policy.ReadWrite.PermissionGrant": "may grant itself any permission of an application",
    "Application.ReadWrite.All": _CREDENTIALS,
    "Directory.ReadWrite.All": _GROUPS,
    "Group.ReadWrite.All": _GROUPS,
    "GroupMember.ReadWrite.All": _GROUPS,
    "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup": _GROUPS,
    "UserAuthenticationMethod.ReadWrite.All": _PASSWORDS,
    "User-PasswordProfile.ReadWrite.All": _PASSWORDS,
    "Domain.ReadWrite.All": "may federate a domain, and sign in as anyone",
}
_MATCHING: Final = re.compile(r"claims\['sub'\]\s+(?:matches|eq)\s+'([^']+)'")
_ENTRA: Final = ("login.microsoftonline.com/", "sts.windows.net/")


class _Role(NamedTuple):
    """What an assignment gives.

    Attributes:
        name: for people.
        permissions: of the control plane; None when they are not known.
    """

    name: str
    permissions: tuple[Permission, ...] | None

    def allows(self, *operations: str) -> bool:
        """Tell whether it allows any of some operations, given in lower case."""
        return any(
            any(matches(each.text, name) for each in permission.actions)
            and not any(matches(each.text, name) for each in permission.not_actions)
            for permission in self.permissions or ()
            for name in operations
        )

    @property
    def is_limited(self) -> bool:
        """Whether the role itself bears a condition."""
        return any(permission.condition for permission in self.permissions or ())


class _Assigned(NamedTuple):
    holder: str
    role: _Role
    scope: str
    certain: bool


def read(found: Found, rows: Rows, federation: Federation) -> None:
    """Tell what the principals of all tenants may do and become.

    Args:
        found: the estate.
        rows: takes what is told.
        federation: takes whose tokens applications and managed identities trust.
    """
    _Reader(found, rows).read(federation)


class _Reader:
    def __init__(self, found: Found, rows: Rows) -> None:
        self._found, self._rows = found, rows
        self._custom = _custom_roles(found)
        self._role = lru_cache(maxsize=10_000)(self._role_of)
        known = [each.key for each in found.identities(System.AZURE)]
        self._keys = frozenset(known)
        self._resources = Texts(key for key in known if key.startswith("/subscriptions/"))
        self._machines: dict[str, list[str]] = defaultdict(list)
        for identity, kind, name in found.rows("dependents", System.AZURE, "identity", "kind", "name"):
            if kind.lower() == _MACHINE:
                self._machines[name.lower()].append(identity)
        self._by_machine = Texts(self._machines)
        self._told: set[str] = set()

    def read(self, federation: Federation) -> None:
        assigned = list(self._assigned())
        runs_code = {each.holder for each in assigned if each.certain and each.role.allows(*RUNS_CODE)}
        for each in assigned:
            self._tell_power(each)
            self._tell_reach(each, runs_code=each.holder in runs_code)
        columns = ("source_key", "target", "how", "condition")
        for source, target, how, condition in self._found.rows("steps", System.AZURE, *columns):
            if how == "make-key":
                self._rows.step(source, target, "make a secret of")
            elif how == "federate":
                self._federated(source, target, condition, federation)

    def _assigned(self) -> Iterator[_Assigned]:
        columns = ("holder", "privilege", "target", "condition")
        for holder, privilege, target, condition in self._found.rows("grants", System.AZURE, *columns):
            if holder.startswith("/"):
                continue
            if privilege in _GRAPH:
                self._rows.power(holder, Degree.SELF_ESCALATING, f"{_GRAPH[privilege]} ({privilege})")
            elif privilege in _ADMINISTRATORS or privilege in _DIRECTORY:
                self._in_directory(holder, privilege, target)
            elif privilege.islower() and is_directory_role(privilege):
                # One that hands out nothing; roles of resources are named in capitals.
                continue
            elif target == "/" or target.lower().startswith(("/subscriptions/", "/providers/")):
                role = self._role(privilege)
                yield _Assigned(holder, role, target.lower().rstrip("/"), not condition and not role.is_limited)

    def _in_directory(self, holder: str, role: str, target: str) -> None:
        if target != "/":
            application = target.strip("/")
            if application in self._keys and _DIRECTORY.get(role) == _CREDENTIALS:
                self._rows.step(holder, application, "make a secret of")
        elif role in _ADMINISTRATORS:
            self._rows.power(holder, Degree.ADMINISTRATOR, f"is administrator of the directory ({role})")
        else:
            self._rows.power(holder, Degree.SELF_ESCALATING, f"{_DIRECTORY[role]} ({role})")

    def _tell_power(self, assigned: _Assigned) -> None:
        role, scope = assigned.role, assigned.scope or "/"
        what = f"({role.name} on {scope})"
        if role.permissions is None:
            self._rows.power(assigned.holder, Degree.UNJUDGED, f"holds {role.name} on {scope}, which was not read")
            return
        level = level_of(scope) or ScopeLevel.RESOURCE
        if level < ScopeLevel.SUBSCRIPTION:
            return
        where = level.name.lower().replace("_", " ")
        if role.allows(ASSIGN_ROLES):
            owns = role.allows("microsoft.any/any/write")
            degree = Degree.ADMINISTRATOR if owns else Degree.SELF_ESCALATING
            how = "is administrator of" if owns else "may assign itself any role in"
            self._rows.power(assigned.holder, degree, f"{how} a {where} {what}", certain=assigned.certain)
            return
        for method in METHODS:
            if method.hands_out_access and role.allows(*method.needs):
                how = f"{method.how} {what}"
                self._rows.power(assigned.holder, Degree.SELF_ESCALATING, how, certain=assigned.certain)
                break
        if _changes_everything(role):
            self._rows.power(assigned.holder, Degree.WILDCARD, f"may change everything in a {where} {what}")

    def _tell_reach(self, assigned: _Assigned, *, runs_code: bool) -> None:
        role, scope = assigned.role, assigned.scope
        if role.allows(ASSIGN_ROLES):
            self._door(assigned, "assign itself any role on", self._within(scope))
        elif role.allows(FEDERATE):
            self._door(assigned, "federate itself with", self._within(scope))
        elif role.allows(*ASSIGN) and runs_code:
            self._door(assigned, "run code as", self._within(scope))
        if role.allows(*COMMANDS):
            machines = [each for each in self._by_machine if _encloses(scope, each)] if self._machines else []
            reached = dict.fromkeys(identity for machine in machines for identity in self._machines[machine])
            self._door(assigned, "run commands on a machine of", list(reached))

    def _within(self, scope: str) -> list[str]:
        if not scope.startswith("/subscriptions/"):
            return list(self._resources)
        found = [*self._resources.matching(scope), *self._resources.matching(f"{scope}/*")]
        return [each for each in found if _encloses(scope, each)]

    def _door(self, assigned: _Assigned, how: str, targets: list[str]) -> None:
        if not targets:
            return
        door = f"azure: {how} what is in {assigned.scope or '/'}{'' if assigned.certain else ', under a condition'}"
        self._rows.name(assigned.holder, door)
        if door not in self._told:
            self._told.add(door)
            for target in targets:
                self._rows.step(door, target, how, certain=assigned.certain)

    def _federated(self, subject: str, target: str, condition: str, federation: Federation) -> None:
        limits: dict[str, Any] = json.loads(condition) if condition else {}
        issuer, expression = str(limits.get("issuer", "")), str(limits.get("claimsMatchingExpression") or "")
        if issuer.removeprefix("https://").startswith(_ENTRA):
            self._rows.step(subject, target, "federate as")
            return
        if expression or subject == "*":
            found = _MATCHING.search(expression)
            simple = " and " not in expression and found is not None
            federation.admit(Token(issuer, (found[1] if found else "*",), certain=simple), target)
            return
        federation.admit(Token(issuer, (subject,), certain=True), target)

    def _role_of(self, privilege: str) -> _Role:
        if privilege in self._custom:
            return self._custom[privilege]
        known = built_in_roles().find(privilege.rpartition("/")[2])
        return _Role(privilege, None) if known is None else _Role(known.name, known.permissions)


def _custom_roles(found: Found) -> dict[str, _Role]:
    """Read the roles of somebody's own, and those of Azure that newer documents tell."""
    roles = {}
    for holder, kind, name, content in found.rows("documents", System.AZURE, "holder", "kind", "name", "content"):
        if kind == _DEFINITION and not holder.startswith(_DEFINITIONS):
            facts = read_role_definition(Resource(name, "role"), "role", json.loads(content))
            permissions = [fact.permissions for fact in facts if isinstance(fact, RoleDefinition)]
            roles[holder] = _Role(name, tuple(each for part in permissions for each in part) if permissions else None)
    return roles


def _changes_everything(role: _Role) -> bool:
    """Tell whether a role changes what every provider has: `*`, `*/write`."""
    return any(
        spans_providers(each.text) and verbs(each.text) - {"read"}
        for permission in role.permissions or ()
        for each in permission.actions
    )


def _encloses(scope: str, resource: str) -> bool:
    return not scope.startswith("/subscriptions/") or f"{resource}/".startswith(f"{scope}/")
