"""Taking roles from a principal and giving the same ones back: by the same ids, with conditions and descriptions.

Looked through is what Azure RBAC assigns in and above every subscription that is read, and what Cosmos DB accounts in
them assign of their own roles. Source: REST reference `Role Assignments - Create`; Azure RBAC documentation, 'Add or
edit Azure role assignment conditions using the REST API' (`conditionVersion`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.adapters.azure.arm import AUTHORIZATION, COSMOS, Arm
from nhi_components.lifecycle.adapters.azure.assignments import ACCOUNTS, Assignments
from nhi_components.lifecycle.adapters.azure.errors import Refused
from nhi_components.lifecycle.adapters.azure.names import is_of_cosmos, same
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.decommission.ports import Removed

_TYPE: Final = "Microsoft.Authorization/roleAssignments"
_OF_COSMOS: Final = f"{ACCOUNTS}/sqlRoleAssignments"
_GIVEN: Final = (
    *("roleDefinitionId", "principalId", "principalType", "scope"),
    *("description", "condition", "conditionVersion", "delegatedManagedIdentityResourceId"),
)
"""What of an assignment its maker gives."""
_EXISTS: Final = "RoleAssignmentExists"


class TakenRoles:
    """The roles of principals, in the subscriptions that one connection reads."""

    def __init__(self, session: AzureSession) -> None:
        self._arm, self._assignments = Arm(session), Assignments(session)

    def of(self, principal: str, subscriptions: Sequence[str]) -> list[dict[str, Any]]:
        """Tell what is assigned to a principal: of each the `name`, and the `properties` that make it anew.

        Args:
            principal: its object id.
            subscriptions: their ids.
        """
        found = {str(each["id"]).lower(): each for each in self._listed(principal, subscriptions)}
        return [{"name": each["id"], "properties": _given(each["properties"])} for each in found.values()]

    def take(self, roles: Sequence[Mapping[str, Any]]) -> list[Removed]:
        """Remove assignments; one that is gone already is fine."""
        for each in roles:
            self._assignments.delete(str(each["name"]))
        return [Removed(LinkKind.AZURE_ROLE_ASSIGNMENT, str(each["name"])) for each in roles]

    def give_back(self, roles: Sequence[Mapping[str, Any]]) -> None:
        """Assign what was taken; what somebody has assigned again meanwhile is left as it is."""
        for each in roles:
            name, properties = str(each["name"]), dict(each["properties"])
            if self._assignments.find(name) is not None:
                continue
            version, needs = (COSMOS, _OF_COSMOS) if is_of_cosmos(name) else (AUTHORIZATION, _TYPE)
            if not is_of_cosmos(name):
                # The scope is in the name, and Azure RBAC takes no other.
                properties.pop("scope", None)
            try:
                self._arm.ask("PUT", name, version, needs=f"{needs}/write", body={"properties": properties})
            except Refused as refused:
                if refused.code != _EXISTS:
                    raise

    def _listed(self, principal: str, subscriptions: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        for subscription in subscriptions:
            path = f"/subscriptions/{subscription}/providers/{_TYPE}"
            wanted = f"principalId eq '{principal}'"
            yield from self._arm.listed(path, AUTHORIZATION, needs=f"{_TYPE}/read", wanted=wanted)
            for account in self._assignments.accounts(subscription):
                listed = self._arm.listed(f"{account}/sqlRoleAssignments", COSMOS, needs=f"{_OF_COSMOS}/read")
                yield from (each for each in listed if same(str(each["properties"]["principalId"]), principal))


def _given(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: properties[name] for name in _GIVEN if properties.get(name)}
