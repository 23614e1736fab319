"""What discovery must be allowed on Azure and in Entra, by what it reads.

Sources: Azure RBAC documentation, 'Azure permissions' (operations by resource provider), 'Azure custom roles'; each
call's page in the Microsoft Graph reference names its least application permission; Microsoft Graph documentation,
'Limited information returned for inaccessible member objects' for the names of owners.
"""

from __future__ import annotations

import json
from typing import Final

SUBSCRIPTIONS: Final = ("Microsoft.Resources/subscriptions/read",)
IDENTITIES: Final = ("Microsoft.ManagedIdentity/userAssignedIdentities/read",)
FEDERATED: Final = ("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", *IDENTITIES)
ASSIGNMENTS: Final = ("Microsoft.Authorization/roleAssignments/read",)
ROLES: Final = ("Microsoft.Authorization/roleDefinitions/read",)
GROUPS: Final = ("Microsoft.Management/managementGroups/read",)
CARRIERS: Final = (
    "Microsoft.App/containerApps/read",
    "Microsoft.App/jobs/read",
    "Microsoft.Automation/automationAccounts/read",
    "Microsoft.Compute/virtualMachineScaleSets/read",
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.ContainerInstance/containerGroups/read",
    "Microsoft.ContainerService/managedClusters/read",
    "Microsoft.DataFactory/factories/read",
    "Microsoft.Logic/workflows/read",
    "Microsoft.Web/sites/read",
)
"""Kinds of resources that run as managed identities."""

DIRECTORY: Final = ("Application.Read.All",)
OWNERS: Final = ("User.ReadBasic.All", *DIRECTORY)
DIRECTORY_ROLES: Final = ("RoleManagement.Read.Directory",)
SIGN_INS: Final = ("AuditLog.Read.All",)

_IN_RESOURCE_MANAGER: Final = (SUBSCRIPTIONS, IDENTITIES, FEDERATED, ASSIGNMENTS, ROLES, GROUPS, CARRIERS)
_IN_GRAPH: Final = (DIRECTORY, OWNERS, DIRECTORY_ROLES, SIGN_INS)
_ABOVE: Final = "/providers/Microsoft.Management/managementGroups/TENANT"


def policy() -> str:
    """Write a custom role, as `az role definition create` takes it, and the application permissions of Graph beside.

    The role is for the tenant's root management group, whose id is the tenant's; to be assigned in each subscription
    alone, it has those among its assignable scopes, and what lies above them is told as unseen.
    """
    role = {
        "Name": "nhi discover",
        "IsCustom": True,
        "Description": "Reads identities, their ways in, grants and what runs as them; changes nothing",
        "Actions": sorted({each for part in _IN_RESOURCE_MANAGER for each in part}),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [_ABOVE],
    }
    permissions = sorted({each for part in _IN_GRAPH for each in part})
    return json.dumps({"roleDefinition": role, "graphApplicationPermissions": permissions}, indent=2)
