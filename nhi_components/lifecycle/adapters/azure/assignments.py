"""Role assignments: of Azure RBAC at any scope, and of Cosmos DB accounts' own, which Azure RBAC knows nothing of.

An assignment outlives its principal: the portal then shows 'Identity not found'. One of Azure RBAC bears its lease in
its description; one of Cosmos DB takes none, and is known by its principal. Sources: REST reference `Role Assignments`
(`$filter=principalId eq`: at, above and below the scope), `SQL Resources`; Azure RBAC documentation, 'Troubleshoot
Azure RBAC'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nhi_components.core.azure_names import cosmos_role_id, role_id
from nhi_components.core.tags import lease_of_description
from nhi_components.lifecycle.adapters.azure.arm import AUTHORIZATION, COSMOS, Arm
from nhi_components.lifecycle.adapters.azure.marks import Taken
from nhi_components.lifecycle.adapters.azure.names import account_of, is_of_cosmos, last_of, same, subscription_of
from nhi_components.lifecycle.adapters.azure.session import AzureSession

ACCOUNTS: Final = "Microsoft.DocumentDB/databaseAccounts"
_TYPE: Final = "Microsoft.Authorization/roleAssignments"
_OF_COSMOS: Final = f"{ACCOUNTS}/sqlRoleAssignments"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One role that is assigned to one principal.

    Attributes:
        name: its resource id.
        scope: where it holds; in Cosmos DB, the account's id, with `/dbs/D` and `/colls/C` behind it.
        role: the role definition's resource id.
        principal: the principal's object id.
        description: what it is for; Cosmos DB keeps none.
        condition: under which it holds; empty for none.
    """

    name: str
    scope: str
    role: str
    principal: str
    description: str = ""
    condition: str = ""

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of_description(self.description)

    @property
    def taken(self) -> Taken:
        """What has to be known of it to make it anew."""
        within = self.scope[len(account_of(self.name)) :] if is_of_cosmos(self.name) else ""
        return Taken(last_of(self.role), within)


class Assignments:
    """The role assignments that one connection reaches."""

    def __init__(self, session: AzureSession) -> None:
        self._arm = Arm(session)

    def find(self, name: str) -> Assignment | None:
        """Read an assignment by its resource id; None when there is none."""
        if not name.startswith("/"):
            return None
        version, needs = _api_of(name)
        reply = self._arm.look(name, version, needs=f"{needs}/read")
        return _assignment(reply.body) if reply else None

    def of_principal(self, subscription: str, object_id: str) -> Iterator[Assignment]:
        """List what is assigned to a principal in a subscription, in what is in it, and above it."""
        return self._listed(f"/subscriptions/{subscription}", f"principalId eq '{object_id}'")

    def within(self, scope: str) -> Iterator[Assignment]:
        """List everything that is assigned at a scope or in it, and above it."""
        return self._listed(scope, "")

    def at(self, scope: str) -> list[Assignment]:
        """List what is assigned at a scope itself, to whomever."""
        return [each for each in self._listed(scope, "atScope()") if same(each.scope, scope)]

    def accounts(self, subscription: str) -> Iterator[str]:
        """List the Cosmos DB accounts of a subscription."""
        path = f"/subscriptions/{subscription}/providers/{ACCOUNTS}"
        return (str(told["id"]) for told in self._arm.listed(path, COSMOS, needs=f"{ACCOUNTS}/read"))

    def in_account(self, account: str) -> Iterator[Assignment]:
        """List what is assigned of a Cosmos DB account's own roles."""
        return map(_assignment, self._arm.listed(f"{account}/sqlRoleAssignments", COSMOS, needs=f"{_OF_COSMOS}/read"))

    def make(self, name: str, taken: Taken, principal: str, description: str) -> None:
        """Assign a role that a cut-off has taken anew, under the name that it had."""
        version, needs = _api_of(name)
        told: dict[str, str] = {"principalId": principal}
        if is_of_cosmos(name):
            account = account_of(name)
            told |= {"roleDefinitionId": cosmos_role_id(account, taken.role), "scope": f"{account}{taken.within}"}
        else:
            # Whoever names the type spares Azure the look into a directory that may be behind.
            role = role_id(subscription_of(name), taken.role)
            told |= {"roleDefinitionId": role, "principalType": "ServicePrincipal", "description": description}
        self._arm.ask("PUT", name, version, needs=f"{needs}/write", body={"properties": told})

    def delete(self, name: str) -> None:
        """Remove an assignment; it may be gone already."""
        version, needs = _api_of(name)
        self._arm.delete(name, version, needs=f"{needs}/delete")

    def _listed(self, scope: str, wanted: str) -> Iterator[Assignment]:
        path = f"{scope}/providers/{_TYPE}"
        return map(_assignment, self._arm.listed(path, AUTHORIZATION, needs=f"{_TYPE}/read", wanted=wanted))


def _api_of(name: str) -> tuple[str, str]:
    return (COSMOS, _OF_COSMOS) if is_of_cosmos(name) else (AUTHORIZATION, _TYPE)


def _assignment(told: Mapping[str, Any]) -> Assignment:
    properties = told["properties"]
    return Assignment(
        name=str(told["id"]),
        scope=str(properties["scope"]),
        role=str(properties["roleDefinitionId"]),
        principal=str(properties["principalId"]),
        description=str(properties.get("description") or ""),
        condition=str(properties.get("condition") or ""),
    )
