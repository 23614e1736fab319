"""Grants on Azure: what is wrong with them, and which roles they need at which scopes.

A grant names operations, which are compiled into one custom role for each resource group (or subscription) that they
are granted in, or one built-in role by its display name, which is assigned as it is. Operations on data of Cosmos DB
for NoSQL become a role of the account's own, which Azure RBAC knows nothing of. Sources: Azure RBAC documentation,
'Azure custom roles' and 'Understand Azure role definitions'; Cosmos DB, 'Data plane role-based access control'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from nhi_components.core.azure_catalogue import CONTRIBUTOR, OWNER, RBAC_ADMINISTRATOR, USER_ACCESS_ADMINISTRATOR, roles
from nhi_components.core.azure_operation import guessed_plane, planes_of
from nhi_components.core.azure_resource import LaterTarget, ResourceKind, Target, target_of
from nhi_components.core.errors import Problem
from nhi_components.core.grant import Grant
from nhi_components.core.text import shown

REFUSED: Final = frozenset({OWNER, CONTRIBUTOR, USER_ACCESS_ADMINISTRATOR, RBAC_ADMINISTRATOR})
"""Built-in roles that reach every service, or hand out roles themselves."""

COSMOS_ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cosmos db built-in data reader": "00000000-0000-0000-0000-000000000001",
        "cosmos db built-in data contributor": "00000000-0000-0000-0000-000000000002",
    }
)
"""The built-in roles of every Cosmos DB account, by their names in lower case."""

COSMOS_KINDS: Final = frozenset(
    {ResourceKind.COSMOS_ACCOUNT, ResourceKind.COSMOS_DATABASE, ResourceKind.COSMOS_CONTAINER}
)


@dataclass(frozen=True, slots=True)
class RoleNeeded:
    """A role that grants need: a built-in one, or a custom one that has to be made.

    Attributes:
        subscription: the subscription that it is assigned in.
        resource_group: of a custom role, the resource group that it may be assigned in; empty for the subscription.
        built_in: the built-in role's GUID; empty for a custom one.
        actions: of the custom role, operations of the control plane, sorted.
        data_actions: its operations on data, sorted.
        is_cosmos: whether it is a role of a Cosmos DB account's own.
        account: of a custom one of these, the account's id; empty while that is not known.
        label: of a custom one whose account is not known, what tells it from others.
    """

    subscription: str = ""
    resource_group: str = ""
    built_in: str = ""
    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    is_cosmos: bool = False
    account: str = ""
    label: str = ""

    @property
    def operations(self) -> tuple[str, ...]:
        """All its operations, those on data with a mark, so that no two roles have the same."""
        return (*self.actions, *(f"data {each}" for each in self.data_actions), *([self.label] if self.label else []))


@dataclass(frozen=True, slots=True)
class AssignmentNeeded:
    """A role that has to be assigned at a scope.

    Attributes:
        role: the role.
        target: the scope; one that is known at deployment only stays what was granted on.
        place: where the first of its targets was granted, such as `grants[0].targets[1]`.
        subscription: that the target is said to lie in.
        resource_group: likewise.
    """

    role: RoleNeeded
    target: Target | LaterTarget
    place: str
    subscription: str
    resource_group: str


@dataclass(frozen=True, slots=True)
class _Planes:
    """A grant's operations, by what keeps the roles that permit them."""

    control: tuple[str, ...]
    data: tuple[str, ...]
    cosmos: tuple[str, ...]


class _Spellings:
    """Gives what differs in letter case only, which counts for nothing on Azure, the spelling that came first."""

    def __init__(self, *texts: str) -> None:
        self._first = {text.lower(): text for text in texts}

    def of(self, role: RoleNeeded) -> RoleNeeded:
        """Give the same role, spelled as before."""
        return replace(
            role,
            subscription=self._of(role.subscription),
            resource_group=self._of(role.resource_group),
            account=self._of(role.account),
            actions=tuple(dict.fromkeys(map(self._of, role.actions))),
            data_actions=tuple(dict.fromkeys(map(self._of, role.data_actions))),
        )

    def _of(self, text: str) -> str:
        return self._first.setdefault(text.lower(), text)


def is_role(action: str) -> bool:
    """Tell whether an action is meant as a role by its display name: every operation has a slash, or a wildcard."""
    return ("/" not in action and "*" not in action) or roles().find(action) is not None


def cosmos_role(action: str) -> str:
    """Give the GUID of a built-in role of Cosmos DB accounts; empty for none."""
    return COSMOS_ROLES.get(action.strip().lower(), "")


def split_by_plane(grant: Grant) -> _Planes:
    """Divide a grant's operations; one that the catalogue does not know, which an exception permits, is guessed."""
    found: dict[str, set[str]] = {"control": set(), "data": set(), "cosmos": set()}
    for action in grant.actions:
        for plane in planes_of(action) or {guessed_plane(action)}:
            found[plane].add(action)
    return _Planes(*(tuple(sorted(found[plane], key=str.lower)) for plane in ("control", "data", "cosmos")))


def assignments_needed(grants: Iterable[Grant], subscription: str, resource_group: str) -> list[AssignmentNeeded]:
    """Tell which roles have to be assigned where; the same role at the same scope is assigned once.

    Args:
        grants: without problems.
        subscription: the identity's own, in which a target lies that tells of none.
        resource_group: likewise.
    """
    found: dict[tuple[RoleNeeded, object], AssignmentNeeded] = {}
    spellings = _Spellings(subscription, resource_group)
    for i, grant in enumerate(grants):
        for j, given in enumerate(grant.targets):
            target = known_target(given) or given
            where = _place_of(target, subscription, resource_group)
            for needed in _roles_for(grant, target, *where):
                role = spellings.of(needed)
                key = (role, target.scope.lower() if isinstance(target, Target) else id(given))
                found.setdefault(key, AssignmentNeeded(role, target, f"grants[{i}].targets[{j}]", *where))
    return list(found.values())


def known_target(given: object) -> Target | None:
    """Read a target that is known by now; None for one that is known at deployment only."""
    if isinstance(given, LaterTarget):
        given = given.name
    return target_of(given) if isinstance(given, str) else None


def later_target_problems(
    place: str, target: Target, kind: ResourceKind, subscription: str, group: str
) -> list[Problem]:
    """Judge a target that was known at deployment only, or that came with its kind and place.

    Args:
        place: where it was granted.
        target: what it turned out to be.
        kind: what it was said to be.
        subscription: that it was said to lie in; empty for any.
        group: the resource group, likewise.
    """
    if target.kind is not kind:
        return [Problem(place, shown(target.scope), f"a {kind}", f"name a {kind}, or correct its kind")]
    said = subscription or target.subscription, group or target.resource_group
    if (target.subscription.lower(), target.resource_group.lower()) != (said[0].lower(), said[1].lower()):
        expected = f"something in resource group {said[1]} of subscription {said[0]}"
        return [Problem(place, shown(target.scope), expected, "give the target its subscription and resource_group")]
    return []


def _place_of(target: Target | LaterTarget, subscription: str, resource_group: str) -> tuple[str, str]:
    if isinstance(target, Target):
        return target.subscription, target.resource_group
    if target.kind is ResourceKind.SUBSCRIPTION:
        return target.subscription or subscription, ""
    return target.subscription or subscription, target.resource_group or resource_group


def _roles_for(grant: Grant, target: Target | LaterTarget, subscription: str, group: str) -> Iterable[RoleNeeded]:
    first = grant.actions[0]
    if is_role(first):
        entry = roles().find(first)
        guid = cosmos_role(first) or (entry.guid if entry else "")
        yield RoleNeeded(subscription, built_in=guid, is_cosmos=bool(cosmos_role(first)))
        return
    planes = split_by_plane(grant)
    if planes.control or planes.data:
        yield RoleNeeded(subscription, group, actions=planes.control, data_actions=planes.data)
    if planes.cosmos:
        known = target.cosmos if isinstance(target, Target) else None
        later = target if isinstance(target, LaterTarget) else None
        yield RoleNeeded(
            subscription,
            group,
            data_actions=planes.cosmos,
            is_cosmos=True,
            account=known.account if known else "",
            label=f"later {later.kind} {later.label}" if later else "",
        )
