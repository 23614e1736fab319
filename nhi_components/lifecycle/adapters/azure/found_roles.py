"""Who is assigned which role on what, in subscriptions and above them, and what the roles grant.

A list in a subscription also shows what is assigned above it, which is told once, with its management group. What
people are assigned is left out, unless it is on a managed identity and lets them become it. Sources: REST reference
`Role Assignments - List For Scope` (`atScope()`: at the scope and above), `Role Definitions` (`atScopeAndBelow()`),
`Management Groups - List`; Azure RBAC documentation, 'Understand Azure role definitions' (`notActions` is taken out of
`actions`, and denies nothing).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from nhi_components.core.azure_catalogue import RoleEntry, roles
from nhi_components.core.inventory.records import FoundCarrier, FoundDocument, FoundGrant, FoundStep, Record
from nhi_components.facts.azure.patterns import matches
from nhi_components.lifecycle.adapters.azure.arm import AUTHORIZATION, MANAGEMENT_GROUPS
from nhi_components.lifecycle.adapters.azure.discovery_policy import ASSIGNMENTS, GROUPS, ROLES
from nhi_components.lifecycle.adapters.azure.found_identities import key_of
from nhi_components.lifecycle.adapters.azure.found_reads import Looks, Told
from nhi_components.lifecycle.adapters.azure.identities import TYPE
from nhi_components.lifecycle.adapters.azure.names import last_of, same
from nhi_components.lifecycle.discovery.ports import NotSeen, Page, Section

_ASSIGNMENTS: Final = "providers/Microsoft.Authorization/roleAssignments"
_DEFINITIONS: Final = "providers/Microsoft.Authorization/roleDefinitions"
_GROUPS: Final = "/providers/Microsoft.Management/managementGroups"
_CUSTOM: Final = "CustomRole"
_PEOPLE: Final = frozenset({"User", "Device"})
_BY: Final = (
    (f"{TYPE}/federatedidentitycredentials/write".lower(), "let-in"),
    (f"{TYPE}/assign/action".lower(), "attach"),
    (f"{TYPE}/any/assign/action".lower(), "attach"),
)
"""Of which operations on a managed identity lets become it, the strongest first, and how; some roles write the latter
with a wildcard for what stands between."""


class RolePlaces:
    """Which subscription tells of a role, as far as this process has seen; any that a role can be assigned in does.

    Args:
        subscriptions: gives all that are read.
    """

    def __init__(self, subscriptions: Callable[[], Sequence[str]]) -> None:
        self._subscriptions = subscriptions
        self._known: dict[str, str] = {}

    def note(self, guid: str, subscription: str) -> None:
        """Remember that a subscription tells of a role."""
        self._known.setdefault(guid.lower(), subscription)

    def of(self, guid: str) -> Iterator[str]:
        """Yield the subscriptions to be asked about a role: the one that is known to tell of it, then the others."""
        known = self._known.get(guid)
        if known:
            yield known
        yield from (each for each in self._subscriptions() if each != known)


def in_subscription(looks: Looks, places: RolePlaces, name: str, subscription: str) -> Section:
    """Make the section of what is assigned in a subscription: at itself and at whatever is in it."""
    scope = f"/subscriptions/{subscription}"

    def is_within(assigned: str) -> bool:
        return f"{assigned.lower()}/".startswith(f"{scope.lower()}/")

    return _section(looks, name, scope, "", is_within, lambda guid: places.note(guid, subscription))


def at_group(looks: Looks, name: str, group: str) -> Section:
    """Make the section of what is assigned at a management group itself; with the tenant's root group, above all."""
    scope = f"{_GROUPS}/{group}"
    own = {scope.lower(), "/"} if same(group, looks.tenant) else {scope.lower()}
    return _section(looks, name, scope, "atScope()", lambda assigned: assigned.lower() in own)


def management_groups(looks: Looks, name: str) -> Section:
    """Make the section of the management groups that there are; each opens its own."""

    def read(cursor: str | None) -> Page:
        part = looks.manage(_GROUPS, MANAGEMENT_GROUPS, needs=GROUPS[0], cursor=cursor)
        # To whoever may see none, Azure answers an empty list; each tenant has its root group.
        if not part.items and not cursor and part.next is None:
            raise NotSeen(
                f"azure.{looks.name}: no management group can be seen; expected the permission {GROUPS[0]}; fix: "
                "assign the connection's principal the role that `nhi permissions azure` prints at the root group"
            )
        return Page((), part.next, [f"group-assignments/{each['name']}" for each in part.items])

    return Section(name, "which management groups there are", GROUPS, read)


def custom_roles(looks: Looks, places: RolePlaces, name: str, subscription: str) -> Section:
    """Make the section of the custom roles that can be assigned in a subscription; each opens its own."""
    path = f"/subscriptions/{subscription}/{_DEFINITIONS}"

    def read(cursor: str | None) -> Page:
        part = looks.manage(path, AUTHORIZATION, needs=ROLES[0], cursor=cursor, wanted="atScopeAndBelow()")
        custom = [str(each["name"]) for each in part.items if each["properties"].get("type") == _CUSTOM]
        for guid in custom:
            places.note(guid, subscription)
        return Page((), part.next, [_section_of(guid) for guid in custom])

    return Section(name, f"custom roles of subscription {subscription}", ROLES, read)


def role(looks: Looks, places: RolePlaces, name: str, guid: str) -> Section:
    """Make the section of what one role grants."""

    def read(_: str | None) -> Page:
        for subscription in places.of(guid):
            path = f"/subscriptions/{subscription}/{_DEFINITIONS}/{guid}"
            if found := looks.manage_about(path, AUTHORIZATION, needs=ROLES[0]):
                return Page(list(_role(found)))
        raise NotSeen(
            f"azure.{looks.name}: no subscription tells of role {guid}; expected one in which it can be assigned; fix: "
            "name such a subscription in the connection's `subscriptions`"
        )

    return Section(name, f"what role {guid} grants", ROLES, read)


def role_key(guid: str) -> str:
    """Name a role in the whole organisation: each subscription writes an id of its own for the same one."""
    return f"/{_DEFINITIONS}/{guid.lower()}"


def _section_of(guid: str) -> str:
    return f"role/{guid.lower()}"


def _section(
    looks: Looks,
    name: str,
    scope: str,
    wanted: str,
    is_own: Callable[[str], bool],
    note: Callable[[str], None] = lambda _: None,
) -> Section:
    def read(cursor: str | None) -> Page:
        path = f"{scope}/{_ASSIGNMENTS}"
        part = looks.manage(path, AUTHORIZATION, needs=ASSIGNMENTS[0], cursor=cursor, wanted=wanted)
        own = [each for each in part.items if is_own(str(each["properties"]["scope"]))]
        # A principal may have the same role at several scopes: that it carries it is told once a page.
        found = dict.fromkeys(record for each in own for record in _assigned(each))
        guids = dict.fromkeys(last_of(str(each["properties"]["roleDefinitionId"])) for each in own)
        for guid in guids:
            note(guid)
        return Page(list(found), part.next, [_section_of(guid) for guid in guids])

    return Section(name, f"role assignments of {scope}", ASSIGNMENTS, read)


def _assigned(told: Told) -> Iterator[Record]:
    properties = told["properties"]
    holder, scope, guid = (str(properties[each]) for each in ("principalId", "scope", "roleDefinitionId"))
    guid, condition = last_of(guid).lower(), str(properties.get("condition") or "")
    known = roles().find(guid)
    if f"/{TYPE}/".lower() in scope.lower():
        yield from _step(holder, key_of(scope), known, condition)
    if properties.get("principalType") not in _PEOPLE:
        privilege = known.name if known else role_key(guid)
        yield FoundGrant(holder, privilege, scope, condition=condition, via=str(told["id"]))
        yield FoundCarrier(holder, role_key(guid), "role")


def _step(holder: str, identity: str, known: RoleEntry | None, condition: str) -> Iterator[Record]:
    """Tell who becomes a managed identity by a role on it; what a custom role lets its section tells."""
    if known is None:
        yield FoundStep(holder, identity, "custom-role", condition)
        return
    how = next((how for operation, how in _BY if any(_permits(each, operation) for each in known.permissions)), None)
    if how:
        yield FoundStep(holder, identity, how, condition)


def _permits(permission: Any, operation: str) -> bool:
    given, out = permission.actions, permission.not_actions
    return any(matches(each, operation) for each in given) and not any(matches(each, operation) for each in out)


def _role(told: Told) -> Iterator[Record]:
    properties = told["properties"]
    key, shown = role_key(str(told["name"])), str(properties.get("roleName") or told["name"])
    yield FoundDocument(key, "role definition", shown, json.dumps(properties, sort_keys=True))
    found = [
        FoundGrant(key, str(each), "*", condition=_limits(block, out), via=shown)
        for block in properties.get("permissions") or ()
        for given, out in (("actions", "notActions"), ("dataActions", "notDataActions"))
        for each in block.get(given) or ()
    ]
    yield from dict.fromkeys(found)


def _limits(block: Told, out: str) -> str:
    limits = {name: block[name] for name in (out, "condition") if block.get(name)}
    return json.dumps(limits, sort_keys=True) if limits else ""
