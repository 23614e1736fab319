"""Managed identities with their federated credentials, role definitions and assignments, resource groups.

Sources: the SDK of pulumi-azure-native 3.29 ('Uses Azure REST API version'); its `gen/replacement.go` for what makes a
new resource beside what is in an id and what an API's description calls unchangeable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tools.plugins.azure.arm import Arm
from tools.plugins.azure.arm_resource import LOCATION, OUTERMOST, ArmResource
from tools.plugins.azure.names import RandomGuid, RandomName

IN_GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers"
_IDENTITY = f"{IN_GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}"
_ROLES = "/{scope}/providers/Microsoft.Authorization"
_GROUP_NAME = r"[-\w().]*[-\w()]"


@dataclass(frozen=True, kw_only=True)
class _RoleDefinition(ArmResource):
    def same(self, name: str, old: Any, new: Any, client: Arm) -> bool:
        """Its id lies below the subscription, whatever scope below that one it was made at."""
        if name == "scope":
            return f"{new}/".lower().startswith(f"{old}/".lower())
        return super().same(name, old, new, client)


GROUP = ArmResource(
    token="azure-native:resources:ResourceGroup",  # noqa: S106 - a type
    path="/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}",
    version="2024-03-01",
    outermost=OUTERMOST | {"properties"},
    deletes_long=True,
    replaced_by=frozenset({LOCATION}),
    auto_name=RandomName("resourceGroupName"),
    lengths={"resourceGroupName": (1, 90)},
    patterns={"resourceGroupName": _GROUP_NAME},
)

IDENTITY = ArmResource(
    token="azure-native:managedidentity:UserAssignedIdentity",  # noqa: S106 - a type
    path=_IDENTITY,
    version="2023-01-31",
    replaced_by=frozenset({LOCATION}),
    auto_name=RandomName("resourceName"),
)

CREDENTIAL = ArmResource(
    token="azure-native:managedidentity:FederatedIdentityCredential",  # noqa: S106 - a type
    path=f"{_IDENTITY}/federatedIdentityCredentials/{{federatedIdentityCredentialResourceName}}",
    version="2023-01-31",
    patterns={"federatedIdentityCredentialResourceName": r"[a-zA-Z0-9]{1}[a-zA-Z0-9-_]{2,119}"},
)

ROLE_DEFINITION = _RoleDefinition(
    token="azure-native:authorization:RoleDefinition",  # noqa: S106 - a type
    path=f"{_ROLES}/roleDefinitions/{{roleDefinitionId}}",
    version="2022-05-01-preview",
    names={"roleType": "type"},
    auto_name=RandomGuid("roleDefinitionId"),
    filled_in=frozenset({"roleType"}),
)

ROLE_ASSIGNMENT = ArmResource(
    token="azure-native:authorization:RoleAssignment",  # noqa: S106 - a type
    path=f"{_ROLES}/roleAssignments/{{roleAssignmentName}}",
    version="2022-04-01",
    replaced_by=frozenset({"principalId"}),
    auto_name=RandomGuid("roleAssignmentName"),
    filled_in=frozenset({"principalType", "conditionVersion"}),
)

IDENTITIES = (GROUP, IDENTITY, CREDENTIAL, ROLE_DEFINITION, ROLE_ASSIGNMENT)
