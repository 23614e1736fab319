"""The managed identities and service principals of one Azure stack: which are administrators, and who may become which.

Sources: Azure RBAC documentation, 'Understand scope' and 'Azure role assignment conditions'; Entra documentation,
'Manage user-assigned managed identities' and 'Configure a user-assigned managed identity to trust an external issuer'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from nhi_components.facts.azure.model import Permission, RoleAssignment, RoleDefinition, ScopeLevel
from nhi_components.facts.azure.patterns import matches
from nhi_components.facts.chain.model import (
    Budget,
    Combination,
    Identity,
    Part,
    Power,
    Rewriting,
    Step,
    Unlinked,
)
from nhi_components.facts.chain.naming import called, logical_name, members

_IDENTITY: Final = "azure:authorization/userAssignedIdentity:UserAssignedIdentity"
TERRAFORM: Final[Mapping[str, str]] = {
    "azurerm_user_assigned_identity": _IDENTITY,
    "azurerm_linux_virtual_machine": "azure:compute/linuxVirtualMachine:LinuxVirtualMachine",
    "azurerm_windows_virtual_machine": "azure:compute/windowsVirtualMachine:WindowsVirtualMachine",
    "azuread_service_principal": "azuread:index/servicePrincipal:ServicePrincipal",
}
_KINDS: Final[Mapping[str, str]] = {
    "azure:authorization:UserAssignedIdentity": "managed identity",
    "azure-native:managedidentity:UserAssignedIdentity": "managed identity",
    "azuread:index:ServicePrincipal": "service principal",
}
_MACHINE_KINDS: Final = frozenset(
    {
        "azure:compute:LinuxVirtualMachine",
        "azure:compute:WindowsVirtualMachine",
        "azure-native:compute:VirtualMachine",
    }
)
_GRANTS: Final = frozenset(
    {
        "azure:authorization:Assignment",
        "azure:pim:ActiveRoleAssignment",
        "azure-native:authorization:RoleAssignment",
        "azure:authorization:RoleDefinition",
        "azure-native:authorization:RoleDefinition",
    }
)


class _Types:
    """The types that are parts of identities, in any version of their module."""

    def __contains__(self, token: object) -> bool:
        return isinstance(token, str) and (_kind(token) in _KINDS or _kind(token) in _MACHINE_KINDS | _GRANTS)


TYPES: Final = _Types()

ASSIGN_ROLES: Final = "microsoft.authorization/roleassignments/write"
FEDERATE: Final = "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials/write"
ASSIGN: Final = (
    "microsoft.managedidentity/userassignedidentities/assign/action",
    "microsoft.managedidentity/userassignedidentities/any/assign/action",
)
"""The operation, and as Azure's own roles write it: with the name of the identity in it."""
RUNS_CODE: Final = (
    "microsoft.app/containerapps/write",
    "microsoft.compute/virtualmachines/write",
    "microsoft.containerinstance/containergroups/write",
    "microsoft.logic/workflows/write",
    "microsoft.resources/deploymentscripts/write",
    "microsoft.web/sites/write",
)
"""What has a service run the caller's code as an identity that it may assign."""
COMMANDS: Final = (
    "microsoft.compute/virtualmachines/runcommand/action",
    "microsoft.compute/virtualmachines/runcommands/write",
    "microsoft.compute/virtualmachines/extensions/write",
)


class _Place(NamedTuple):
    """A resource, as scopes enclose it: names in lower case, empty where they are not known."""

    resource: str
    id: str
    path: str
    group: str
    group_references: frozenset[str]


class _Grant(NamedTuple):
    """An identity is assigned a role: its operations of the control plane, and at what scope."""

    holder: str
    assignment: RoleAssignment
    permissions: tuple[Permission, ...]
    references: frozenset[str]

    @property
    def place(self) -> str:
        return f"{called(self.assignment.resource)} {self.assignment.path}"

    def allows(self, *operations: str) -> bool:
        """Tell whether it allows any of some operations, given in lower case."""
        return any(_allows(each, name) for each in self.permissions for name in operations)

    def assigns_roles(self) -> bool:
        """Tell whether it assigns roles, and no condition limits which."""
        limited = self.assignment.condition or any(each.condition for each in self.permissions)
        return not limited and self.allows(ASSIGN_ROLES)

    def covers(self, place: _Place) -> bool:
        """Tell whether its scope encloses a resource."""
        scope = self.assignment.scope
        text = scope.text.lower().rstrip("/")
        if not text:
            return place.resource in self.references or not self.references.isdisjoint(place.group_references)
        if scope.level >= ScopeLevel.MANAGEMENT_GROUP:
            return True
        if place.id:
            return f"{place.id}/".startswith(f"{text}/")
        if scope.level is ScopeLevel.SUBSCRIPTION:
            return True
        if scope.level is ScopeLevel.RESOURCE_GROUP:
            return bool(place.group) and text.endswith(f"/resourcegroups/{place.group}")
        return bool(place.group) and text.endswith(f"/resourcegroups/{place.group}/providers/{place.path}")


class AzureIdentities:
    """An `IdentitySystem` of Azure.

    Args:
        parts: the resources of one stack.
    """

    def __init__(self, parts: Iterable[Part]) -> None:
        parts = list(parts)
        self.identities: dict[str, Identity] = {}
        self.unlinked: Sequence[Unlinked] = ()
        self._by_principal: dict[str, str] = {}
        self._places: dict[str, _Place] = {}
        self._by_id: dict[str, str] = {}
        self._machines: defaultdict[str, list[_Place]] = defaultdict(list)
        self._grants: list[_Grant] = []
        self._leading: list[_Grant] = []
        self._by_holder: defaultdict[str, list[_Grant]] = defaultdict(list)
        self._roles: dict[str, tuple[Permission, ...]] = {}
        for part in parts:
            self._read(part)
        for part in parts:
            if _kind(part.resource.type) in _MACHINE_KINDS:
                self._carry(part)
            for fact in part.facts:
                if isinstance(fact, RoleAssignment):
                    self._assign(part, fact)

    def powers(self, now: datetime) -> Mapping[str, Power]:
        """As `IdentitySystem.powers`: who assigns roles in a subscription or more; rules on assignments tell it."""
        powers: dict[str, Power] = {}
        for grant in self._grants:
            level = grant.assignment.scope.level
            if level >= ScopeLevel.SUBSCRIPTION and grant.assigns_roles():
                where = level.name.lower().replace("_", " ")
                how = "is administrator of" if grant.allows("microsoft.any/any/write") else "assigns roles in"
                powers.setdefault(grant.holder, Power(f"{how} a {where} ({grant.assignment.role})", grant.place))
        return powers

    def combinations(self, now: datetime) -> Iterable[Combination]:
        """As `IdentitySystem.combinations`; permission to assign identities is told of each role."""
        return ()

    def rewritings(self, now: datetime, budget: Budget) -> Iterable[Rewriting]:
        """As `IdentitySystem.rewritings`; who assigns roles gets to all that the scope encloses."""
        return ()

    def into(self, key: str, now: datetime, among: Collection[str], budget: Budget) -> Iterator[Step]:
        """As `IdentitySystem.into`; into managed identities."""
        place = self._places.get(key)
        if place is None:
            return
        for grant in self._leading:
            if grant.holder == key or grant.holder not in among:
                continue
            if not budget.spend():
                return
            how = self._how(grant, key, place)
            if how:
                yield Step(grant.holder, key, how, grant.assignment.role, grant.place)

    def _how(self, grant: _Grant, key: str, place: _Place) -> str:
        if grant.covers(place):
            if grant.assigns_roles():
                return "assign itself any role on"
            if grant.allows(FEDERATE):
                return "federate itself with"
            if grant.allows(*ASSIGN) and any(each.allows(*RUNS_CODE) for each in self._by_holder[grant.holder]):
                return "run code as"
        machines = self._machines.get(key, ())
        if grant.allows(*COMMANDS) and any(grant.covers(machine) for machine in machines):
            return "run commands on a machine of"
        return ""

    def _read(self, part: Part) -> None:
        key = part.resource.name
        kind = _KINDS.get(_kind(part.resource.type))
        if kind is not None:
            given = {**part.inputs, **part.outputs}
            shown = next((given[name] for name in ("name", "resourceName") if isinstance(given.get(name), str)), "")
            self.identities[key] = Identity(key, shown or logical_name(part.resource), kind, part.resource)
            for name in ("principalId", "objectId"):
                if isinstance(given.get(name), str):
                    self._by_principal[given[name].lower()] = key
            if kind == "managed identity":
                place = _place(part, "microsoft.managedidentity/userassignedidentities")
                self._places[key] = place
                if place.id or (place.group and place.path):
                    built = f"/resourcegroups/{place.group}/providers/{place.path}"
                    self._by_id[_inside_subscription(place.id) or built] = key
        for fact in part.facts:
            if isinstance(fact, RoleDefinition):
                names = (fact.name, part.outputs.get("id"), part.outputs.get("roleDefinitionResourceId"))
                self._roles.update({name.lower(): fact.permissions for name in names if isinstance(name, str) and name})

    def _carry(self, part: Part) -> None:
        """Remember which identities a machine carries."""
        machine = _place(part, "microsoft.compute/virtualmachines")
        named = (self._by_id.get(_inside_subscription(text)) for text in _identity_ids(part.inputs.get("identity")))
        referenced = (name for name in part.references.get("identity", ()) if name in self._places)
        for key in dict.fromkeys((*filter(None, named), *referenced)):
            self._machines[key].append(machine)

    def _assign(self, part: Part, assignment: RoleAssignment) -> None:
        permissions = assignment.permissions or self._roles.get(assignment.role.lower(), ())
        principals = [self._holder(part, each.text, assignment.principal_type) for each in assignment.principals]
        if not principals:
            principals = [name for name in part.references.get("principalId", ()) if name in self.identities]
        for holder in dict.fromkeys(filter(None, principals)):
            grant = _Grant(holder, assignment, permissions, frozenset(part.references.get("scope", ())))
            self._grants.append(grant)
            self._by_holder[holder].append(grant)
            if grant.allows(ASSIGN_ROLES, FEDERATE, *ASSIGN, *COMMANDS):
                self._leading.append(grant)

    def _holder(self, part: Part, principal: str, kind: str) -> str:
        key = self._by_principal.get(principal.lower())
        if key is None and kind.lower() == "serviceprincipal":
            key = f"outside:{principal.lower()}"
            self.identities[key] = Identity(key, principal, "service principal", part.resource)
            self._by_principal[principal.lower()] = key
        return key or ""


@lru_cache(maxsize=1024)
def _kind(token: str) -> str:
    package, _, rest = token.partition(":")
    module, _, name = rest.partition(":")
    return f"{package}:{module.partition('/')[0]}:{name}"


def _allows(permission: Permission, operation: str) -> bool:
    return any(matches(each.text, operation) for each in permission.actions) and not any(
        matches(each.text, operation) for each in permission.not_actions
    )


def _place(part: Part, provider: str) -> _Place:
    given, known = part.inputs, part.outputs.get("id")
    names = (given.get(name) for name in ("name", "resourceName", "vmName"))
    name = next((each for each in names if isinstance(each, str)), "")
    group = given.get("resourceGroupName")
    return _Place(
        part.resource.name,
        known.lower().rstrip("/") if isinstance(known, str) else "",
        f"{provider}/{name.lower()}" if name else "",
        group.lower() if isinstance(group, str) else "",
        frozenset(part.references.get("resourceGroupName", ())),
    )


def _inside_subscription(text: str) -> str:
    """Give an id in lower case from its resource group on; machines carry identities of their own subscription."""
    return text.lower()[max(0, text.lower().find("/resourcegroups/")) :].rstrip("/")


def _identity_ids(value: Any) -> Iterator[str]:
    """Yield the ids of managed identities in the `identity` of a machine, which is an object, or a list of one."""
    for each in members(value):
        if isinstance(each, Mapping):
            for name in ("identityIds", "userAssignedIdentities"):
                given = each.get(name)
                yield from (
                    text for text in (given if isinstance(given, list | Mapping) else ()) if isinstance(text, str)
                )


def system_of(parts: Iterable[Part]) -> AzureIdentities:
    """Make the identities of Azure from the resources of one stack."""
    return AzureIdentities(parts)
