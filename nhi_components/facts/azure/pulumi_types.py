"""Which resources of Pulumi's azure-native, azure and azuread packages grant something, and how they are read.

A key is the package, the module without its version, and the name of the resource.
Sources: the input properties of pulumi-azure-native 3, pulumi-azure 6 and pulumi-azuread 6.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Secret(NamedTuple):
    """A resource that is a credential of an application.

    Attributes:
        what: how findings call it.
        undated_days: how long it lives when no end is given; None when it then has no end.
    """

    what: str
    undated_days: int | None


class Switch(NamedTuple):
    """An input that lets a resource be used with keys or passwords of its own.

    Attributes:
        input: its name.
        on: the value that does so.
        what: how findings call the credential.
    """

    input: str
    on: bool
    what: str


ROLE_DEFINITIONS: Final = frozenset(
    {
        "azure-native:authorization:RoleDefinition",
        "azure:authorization:RoleDefinition",
        "azuread:index:CustomDirectoryRole",
    }
)
COSMOS_DEFINITIONS: Final = frozenset(
    {
        "azure-native:cosmosdb:SqlResourceSqlRoleDefinition",
        "azure-native:documentdb:SqlResourceSqlRoleDefinition",
        "azure:cosmosdb:SqlRoleDefinition",
    }
)
ROLE_ASSIGNMENTS: Final = frozenset(
    {
        "azure-native:authorization:RoleAssignment",
        "azure-native:authorization:PimRoleEligibilitySchedule",
        "azure:authorization:Assignment",
        "azure:pim:ActiveRoleAssignment",
        "azure:pim:EligibleRoleAssignment",
    }
)
FEDERATED_CREDENTIALS: Final = frozenset(
    {
        "azure-native:managedidentity:FederatedIdentityCredential",
        "azure:armmsi:FederatedIdentityCredential",
        "azuread:index:ApplicationFederatedIdentityCredential",
        "azuread:index:ApplicationFlexibleFederatedIdentityCredential",
    }
)
VAULTS: Final = frozenset({"azure-native:keyvault:Vault", "azure:keyvault:KeyVault"})
VAULT_ACCESS: Final = frozenset({"azure-native:keyvault:AccessPolicy", "azure:keyvault:AccessPolicy"})
DIRECTORY_ROLES: Final[dict[str, str]] = {
    "azuread:index:DirectoryRoleAssignment": "roleId",
    "azuread:index:DirectoryRoleEligibilityScheduleRequest": "roleDefinitionId",
    "azuread:index:DirectoryRoleMember": "roleObjectId",
}
"""The input that names the role."""

APPLICATIONS: Final = frozenset({"azuread:index:Application", "azuread:index:ApplicationRegistration"})
APP_ROLES: Final[dict[str, str]] = {
    "azuread:index:AppRoleAssignment": "appRoleId",
    "azuread:index:ApplicationApiAccess": "roleIds",
}
"""The input that names the permission, or several."""

SECRETS: Final[dict[str, Secret]] = {
    "azuread:index:ApplicationPassword": Secret("password of an application", 730),
    "azuread:index:ServicePrincipalPassword": Secret("password of a service principal", 730),
    "azuread:index:ApplicationCertificate": Secret("certificate of an application", None),
    "azuread:index:ServicePrincipalCertificate": Secret("certificate of a service principal", None),
    "azuread:index:ServicePrincipalTokenSigningCertificate": Secret("signing certificate of a service principal", 1095),
}
"""Source of the days: azuread provider, defaults of `end_date` of passwords and of signing certificates."""

SWITCHES: Final[dict[str, Switch]] = {
    "azure-native:containerregistry:Registry": Switch("adminUserEnabled", True, "admin password of a registry"),
    "azure:containerservice:Registry": Switch("adminEnabled", True, "admin password of a registry"),
    "azure-native:storage:StorageAccount": Switch("allowSharedKeyAccess", True, "keys of a storage account"),
    "azure:storage:Account": Switch("sharedAccessKeyEnabled", True, "keys of a storage account"),
    "azure-native:cosmosdb:DatabaseAccount": Switch("disableLocalAuth", False, "keys of a Cosmos account"),
    "azure-native:documentdb:DatabaseAccount": Switch("disableLocalAuth", False, "keys of a Cosmos account"),
    "azure:cosmosdb:Account": Switch("localAuthenticationDisabled", False, "keys of a Cosmos account"),
    "azure-native:servicebus:Namespace": Switch("disableLocalAuth", False, "keys of a namespace"),
    "azure:servicebus:Namespace": Switch("localAuthEnabled", True, "keys of a namespace"),
    "azure-native:eventhub:Namespace": Switch("disableLocalAuth", False, "keys of a namespace"),
    "azure:eventhub:EventHubNamespace": Switch("localAuthenticationEnabled", True, "keys of a namespace"),
    "azure-native:cognitiveservices:Account": Switch("disableLocalAuth", False, "keys of an AI service"),
    "azure:cognitive:Account": Switch("localAuthEnabled", True, "keys of an AI service"),
    "azure-native:appconfiguration:ConfigurationStore": Switch("disableLocalAuth", False, "keys of a configuration"),
    "azure:appconfiguration:ConfigurationStore": Switch("localAuthEnabled", True, "keys of a configuration"),
    "azure-native:containerservice:ManagedCluster": Switch(
        "disableLocalAccounts", False, "local accounts of a cluster"
    ),
    "azure:containerservice:KubernetesCluster": Switch("localAccountDisabled", False, "local accounts of a cluster"),
}
CONTAINERS: Final[dict[str, str]] = {
    "azure-native:storage:BlobContainer": "publicAccess",
    "azure:storage:Container": "containerAccessType",
}
"""The input that tells who reads without a sign-in."""

DELEGATIONS: Final[dict[str, str]] = {
    "azure-native:managedservices:RegistrationDefinition": "managedByTenantId",
    "azure:lighthouse:Definition": "managingTenantId",
}
"""The input that names the other tenant."""
