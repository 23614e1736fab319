"""Custom roles: of Azure RBAC, owned by their descriptions, and of Cosmos DB accounts' own, which take none.

One of Cosmos DB bears the suffix of its lease, and the beginning of its own id, at the end of its name; its id is made
from the lease. Sources: REST reference `Role Definitions`, `SQL Resources`; Azure RBAC documentation, 'Azure custom
roles' (5,000 a tenant; one that is assigned can't be deleted).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nhi_components.core.azure_names import role_id
from nhi_components.core.lease_id import suffix_of
from nhi_components.core.tags import lease_of_description
from nhi_components.lifecycle.adapters.azure.arm import AUTHORIZATION, COSMOS, Arm
from nhi_components.lifecycle.adapters.azure.assignments import ACCOUNTS, Assignment, Assignments
from nhi_components.lifecycle.adapters.azure.errors import Refused
from nhi_components.lifecycle.adapters.azure.names import account_of, is_of_cosmos, last_of, same, subscription_of
from nhi_components.lifecycle.adapters.azure.session import AzureSession

MOST: Final = 5000
_TYPE: Final = "Microsoft.Authorization/roleDefinitions"
_OF_COSMOS: Final = f"{ACCOUNTS}/sqlRoleDefinitions"
_CUSTOM: Final = "CustomRole"
_ASSIGNED: Final = "RoleDefinitionHasAssignments"
_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class CustomRole:
    """A custom role.

    Attributes:
        name: its resource id.
        shown: how it is shown to people.
        description: what it is for; Cosmos DB keeps none.
        scopes: where it may be assigned.
    """

    name: str
    shown: str
    description: str
    scopes: tuple[str, ...]

    def borne(self, lease_id: str) -> str | None:
        """The lease that it bears; for one of Cosmos DB, whether it is this one."""
        if not is_of_cosmos(self.name):
            return lease_of_description(self.description)
        ending = f"-{last_of(self.name).lower()[:_DIGITS]}-{suffix_of(lease_id)}"
        return lease_id if self.shown.endswith(ending) else None


class CustomRoles:
    """The custom roles that one connection reaches."""

    def __init__(self, session: AzureSession) -> None:
        self._arm = Arm(session)
        self._assignments = Assignments(session)

    def find(self, name: str) -> CustomRole | None:
        """Read a role by its resource id; None when there is none."""
        if not name.startswith("/subscriptions/"):
            return None
        version, needs = (COSMOS, _OF_COSMOS) if is_of_cosmos(name) else (AUTHORIZATION, _TYPE)
        reply = self._arm.look(name, version, needs=f"{needs}/read")
        return _role(reply.body, name) if reply else None

    def of(self, subscription: str) -> Iterator[CustomRole]:
        """List those that can be assigned in a subscription, or in something that is in it."""
        path = f"/subscriptions/{subscription}/providers/{_TYPE}"
        for told in self._arm.listed(path, AUTHORIZATION, needs=f"{_TYPE}/read", wanted="atScopeAndBelow()"):
            if told["properties"].get("type") == _CUSTOM:
                yield _role(told, _name_of(told, subscription))

    def in_account(self, account: str) -> Iterator[CustomRole]:
        """List those of a Cosmos DB account's own."""
        for told in self._arm.listed(f"{account}/sqlRoleDefinitions", COSMOS, needs=f"{_OF_COSMOS}/read"):
            if told["properties"].get("type") == _CUSTOM:
                yield _role(told, str(told["id"]))

    def delete(self, name: str, lease_id: str) -> None:
        """Delete a role that bears the lease, and what was assigned of it by hand; another's is left alone."""
        role = self.find(name)
        if role is None or role.borne(lease_id) != lease_id:
            return
        if is_of_cosmos(name):
            self._take_back(role)
            self._arm.delete(name, COSMOS, needs=f"{_OF_COSMOS}/delete")
            return
        try:
            self._arm.delete(name, AUTHORIZATION, needs=f"{_TYPE}/delete")
        except Refused as refused:
            if refused.code != _ASSIGNED:
                raise
            self._take_back(role)
            self._arm.delete(name, AUTHORIZATION, needs=f"{_TYPE}/delete")

    def uses(self, name: str, scopes: Iterable[str]) -> list[Assignment]:
        """List what is assigned of a role, to whomever: as long as there is anything, it can't be deleted.

        Args:
            name: the role's resource id.
            scopes: where it may be assigned; of one of Cosmos DB, its account.
        """
        if is_of_cosmos(name):
            given = self._assignments.in_account(account_of(name))
        else:
            given = (each for scope in scopes for each in self._assignments.within(scope))
        found = {each.name.lower(): each for each in given if same(last_of(each.role), last_of(name))}
        return list(found.values())

    def _take_back(self, role: CustomRole) -> None:
        for each in self.uses(role.name, role.scopes):
            self._assignments.delete(each.name)


def _role(told: Mapping[str, Any], name: str) -> CustomRole:
    properties = told["properties"]
    scopes = tuple(str(scope) for scope in properties.get("assignableScopes") or ())
    return CustomRole(name, str(properties.get("roleName", "")), str(properties.get("description") or ""), scopes)


def _name_of(told: Mapping[str, Any], subscription: str) -> str:
    """Name a role in the first subscription that it may be assigned in, from wherever it was listed."""
    scopes = [str(scope) for scope in told["properties"].get("assignableScopes") or ()]
    where = next((found for scope in scopes if (found := subscription_of(scope))), subscription)
    return role_id(where, str(told["name"]))
