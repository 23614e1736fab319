"""Operations of Azure that read data in bulk, hand out credentials or change who has access. Data for rules.

Source: Azure RBAC documentation, 'Azure permissions' (the operations of each resource provider, with descriptions).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from nhi_components.rules.azure.methods import ASSIGN_IDENTITY, METHODS

_SECRETS = "microsoft.keyvault/vaults/secrets/getsecret/action"

EXFILTRATION: Final = frozenset(
    {
        _SECRETS,
        "microsoft.storage/storageaccounts/blobservices/containers/blobs/read",
        "microsoft.storage/storageaccounts/fileservices/fileshares/files/read",
        "microsoft.storage/storageaccounts/fileservices/readfilebackupsemantics/action",
        "microsoft.storage/storageaccounts/tableservices/tables/entities/read",
        "microsoft.storage/storageaccounts/listkeys/action",
        "microsoft.storage/storageaccounts/listaccountsas/action",
        "microsoft.storage/storageaccounts/listservicesas/action",
        "microsoft.keyvault/vaults/secrets/backup/action",
        "microsoft.keyvault/vaults/keys/backup/action",
        "microsoft.documentdb/databaseaccounts/sqldatabases/containers/items/read",
        "microsoft.documentdb/databaseaccounts/sqldatabases/containers/readchangefeed",
        "microsoft.documentdb/databaseaccounts/listkeys/action",
        "microsoft.documentdb/databaseaccounts/readonlykeys/action",
        "microsoft.compute/disks/begingetaccess/action",
        "microsoft.compute/snapshots/begingetaccess/action",
        "microsoft.compute/restorepointcollections/restorepoints/retrievesasuris/action",
        "microsoft.sql/servers/databases/export/action",
        "microsoft.sql/servers/databases/exporttoazurestorage/action",
        "microsoft.cache/redis/export/action",
        "microsoft.healthcareapis/services/fhir/resources/read",
        "microsoft.healthcareapis/services/fhir/resources/export/action",
        "microsoft.healthcareapis/workspaces/fhirservices/resources/read",
        "microsoft.healthcareapis/workspaces/fhirservices/resources/export/action",
        "microsoft.appconfiguration/configurationstores/keyvalues/read",
        "microsoft.search/searchservices/indexes/documents/read",
        "microsoft.datalakestore/accounts/read/action",
    }
)
"""They return stored data, or the key to all of it."""

EXPOSURE: Final = frozenset(
    operation.lower()
    for operation in (
        "Microsoft.Authorization/roleAssignments/write",
        "Microsoft.Authorization/roleAssignments/delete",
        "Microsoft.Authorization/roleDefinitions/write",
        "Microsoft.Authorization/roleDefinitions/delete",
        "Microsoft.Authorization/elevateAccess/action",
        "Microsoft.Authorization/classicAdministrators/write",
        "Microsoft.Authorization/denyAssignments/write",
        "Microsoft.Authorization/denyAssignments/delete",
        "Microsoft.Authorization/locks/write",
        "Microsoft.Authorization/locks/delete",
        "Microsoft.Authorization/policyExemptions/write",
        "Microsoft.Authorization/roleAssignmentScheduleRequests/write",
        "Microsoft.Authorization/roleEligibilityScheduleRequests/write",
        "Microsoft.ManagedServices/registrationAssignments/write",
        "Microsoft.ManagedServices/registrationDefinitions/write",
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
        "Microsoft.KeyVault/vaults/accessPolicies/write",
        "Microsoft.KeyVault/vaults/write",
        "Microsoft.KeyVault/managedHSMs/write",
        "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/write",
        "Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions/write",
        "Microsoft.Sql/servers/administrators/write",
        "Microsoft.Sql/servers/firewallRules/write",
        "Microsoft.Sql/servers/virtualNetworkRules/write",
        "Microsoft.DBforPostgreSQL/servers/firewallRules/write",
        "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules/write",
        "Microsoft.DBforPostgreSQL/flexibleServers/administrators/write",
        "Microsoft.DBforMySQL/servers/firewallRules/write",
        "Microsoft.DBforMySQL/flexibleServers/firewallRules/write",
        "Microsoft.DBforMySQL/flexibleServers/administrators/write",
        "Microsoft.Cache/redis/firewallRules/write",
        "Microsoft.Synapse/workspaces/firewallRules/write",
        "Microsoft.Network/networkSecurityGroups/securityRules/write",
        "Microsoft.Network/azureFirewalls/write",
        "Microsoft.Network/firewallPolicies/ruleCollectionGroups/write",
        "Microsoft.Storage/storageAccounts/localUsers/write",
        "Microsoft.Storage/storageAccounts/fileServices/takeOwnership/action",
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/manageOwnership/action",
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/modifyPermissions/action",
        "Microsoft.Storage/storageAccounts/fileServices/fileshares/files/modifypermissions/action",
        "Microsoft.EventHub/namespaces/authorizationRules/write",
        "Microsoft.ServiceBus/namespaces/authorizationRules/write",
        "Microsoft.Relay/namespaces/authorizationRules/write",
        "Microsoft.NotificationHubs/namespaces/authorizationRules/write",
        "Microsoft.ContainerRegistry/registries/tokens/write",
        "Microsoft.ContainerRegistry/registries/scopeMaps/write",
        "Microsoft.Kusto/clusters/principalAssignments/write",
        "Microsoft.Kusto/clusters/databases/principalAssignments/write",
        "Microsoft.Kusto/clusters/databases/addPrincipals/action",
        "Microsoft.Compute/galleries/share/action",
        "Microsoft.ContainerService/managedClusters/rbac.authorization.k8s.io/clusterrolebindings/write",
        "Microsoft.ContainerService/managedClusters/rbac.authorization.k8s.io/rolebindings/write",
        "microsoft.directory/roleAssignments/allProperties/allTasks",
        "microsoft.directory/servicePrincipals/appRoleAssignedTo/update",
        "microsoft.directory/applications/owners/update",
        "microsoft.directory/servicePrincipals/owners/update",
    )
)
"""They change who may access a resource: roles, locks, access policies, firewalls, keys of a namespace."""

CREDENTIALS_ON_DATA: Final = frozenset(
    {
        _SECRETS,
        "microsoft.keyvault/vaults/secrets/backup/action",
        "microsoft.keyvault/vaults/keys/backup/action",
        "microsoft.keyvault/vaults/keys/release/action",
        "microsoft.keyvault/vaults/keys/export/action",
        "microsoft.appconfiguration/configurationstores/listkeys/action",
    }
)
"""Operations on data that return credentials, or keys."""

_CREDENTIALS = frozenset(
    {
        "microsoft.web/sites/config/list/action",
        "microsoft.web/sites/slots/config/list/action",
        "microsoft.operationalinsights/workspaces/sharedkeys/action",
        "microsoft.documentdb/databaseaccounts/readonlykeys/action",
        "microsoft.directory/applications/credentials/update",
        "microsoft.directory/serviceprincipals/credentials/update",
        "microsoft.directory/users/password/update",
    }
)
_CREDENTIAL_NAME = re.compile(
    r"/(list\w*(keys?|credentials?|secrets?|tokens?|connectionstrings?|sas|callbackurl|adminkubeconfig)|get\w*secrets?"
    r"|regenerate\w*|publishxml|generate(access|sas)?(token|credentials|password)|newpassword|resetpassword"
    r"|retrieveregistrationtoken|rotatecredentials)(/action)?"
)
_ITS_OWN = re.compile(
    r"/(list(cluster|clustermonitoring)?usercredentials?|listkeyvaultkeys|listcontentkeys)(/action)?"
    r"|/(fleets|managednamespaces|namespaces|aimanagers|endpoints)/listcredentials?(/action)?"
)
"""They return what the caller may use as itself, or names of keys, not keys."""


def is_credential(operation: str) -> bool:
    """Tell whether an operation, in lower case, returns or creates credentials."""
    if operation in _CREDENTIALS or operation in CREDENTIALS_ON_DATA:
        return True
    start = operation.rfind("/", 0, operation.rfind("/")) if operation.endswith("/action") else operation.rfind("/")
    tail = operation[start:]
    return _CREDENTIAL_NAME.fullmatch(tail) is not None and _ITS_OWN.search(operation) is None


@lru_cache(maxsize=1)
def watched() -> tuple[frozenset[str], frozenset[str]]:
    """Give the operations that rules ask for: of the control plane, and on data."""
    from nhi_components.core.azure_catalogue import operations_named

    credentials = (operation for operation in operations_named("/action") if is_credential(operation))
    methods = (need for method in METHODS for need in method.needs)
    every = {ASSIGN_IDENTITY, *methods, *EXFILTRATION, *EXPOSURE, *_CREDENTIALS, *CREDENTIALS_ON_DATA, *credentials}
    data = {operation for operation in every if operation.startswith(_ON_DATA) and operation not in _NOT_ON_DATA}
    return frozenset(every - data), frozenset(data)


_ON_DATA = (
    "microsoft.keyvault/vaults/secrets/",
    "microsoft.keyvault/vaults/keys/",
    "microsoft.storage/storageaccounts/blobservices/containers/blobs/",
    "microsoft.storage/storageaccounts/fileservices/fileshares/files/",
    "microsoft.storage/storageaccounts/fileservices/readfilebackupsemantics/",
    "microsoft.storage/storageaccounts/fileservices/takeownership/",
    "microsoft.storage/storageaccounts/tableservices/tables/entities/",
    "microsoft.storage/storageaccounts/queueservices/queues/messages/",
    "microsoft.documentdb/databaseaccounts/sqldatabases/containers/items/",
    "microsoft.documentdb/databaseaccounts/sqldatabases/containers/readchangefeed",
    "microsoft.healthcareapis/",
    "microsoft.appconfiguration/configurationstores/keyvalues/",
    "microsoft.search/searchservices/indexes/documents/",
    "microsoft.containerservice/managedclusters/rbac.authorization.k8s.io/",
)
_NOT_ON_DATA = frozenset({"microsoft.keyvault/vaults/keys/read", "microsoft.keyvault/vaults/secrets/read"})
