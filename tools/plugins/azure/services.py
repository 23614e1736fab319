"""Resources that grants are about: storage, messages, vaults, databases and container registries.

Sources: the SDK of pulumi-azure-native 3.29 ('Uses Azure REST API version'); the azure-mgmt-* packages for the names in
bodies, for what is a long-running operation (`begin_*`) and for what can't be changed (`visibility` of create and
read); pulumi-azure-native's `gen/replacement.go` for what makes a new resource beside that.
"""

from __future__ import annotations

from tools.plugins.azure.arm_resource import LOCATION, OUTERMOST, ArmResource
from tools.plugins.azure.identities import IN_GROUP
from tools.plugins.azure.names import RandomGuid, RandomName

_ACCOUNT = f"{IN_GROUP}/Microsoft.Storage/storageAccounts/{{accountName}}"
_BUS = f"{IN_GROUP}/Microsoft.ServiceBus/namespaces/{{namespaceName}}"
_HUBS = f"{IN_GROUP}/Microsoft.EventHub/namespaces/{{namespaceName}}"
_COSMOS = f"{IN_GROUP}/Microsoft.DocumentDB/databaseAccounts/{{accountName}}"
_SQL = f"{IN_GROUP}/Microsoft.Sql/servers/{{serverName}}"
_ONCE = frozenset({"requiresDuplicateDetection", "requiresSession", "enablePartitioning"})
_TIMES = frozenset({"autoDeleteOnIdle", "defaultMessageTimeToLive", "duplicateDetectionHistoryTimeWindow"})
_ENDPOINTS = frozenset({"privateEndpointConnections"})

STORAGE_ACCOUNT = ArmResource(
    token="azure-native:storage:StorageAccount",  # noqa: S106 - a type
    path=_ACCOUNT,
    version="2024-01-01",
    outermost=OUTERMOST | {"extendedLocation"},
    names={
        "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
        "enableNfsV3": "isNfsV3Enabled",
        "networkRuleSet": "networkAcls",
        "virtualNetworkResourceId": "id",
        "iPAddressOrRange": "value",
        "keyVaultProperties": "keyvaultproperties",
        "encryptionIdentity": "identity",
        "encryptionUserAssignedIdentity": "userAssignedIdentity",
        "encryptionFederatedIdentityClientId": "federatedIdentityClientId",
    },
    puts_long=True,
    replaced_by=frozenset({"isHnsEnabled", LOCATION}),
    filled_in=frozenset(
        {"accessTier", "allowBlobPublicAccess", "allowCrossTenantReplication", "allowSharedKeyAccess", "encryption"}
        | {"dnsEndpointType", "enableHttpsTrafficOnly", "keyPolicy", "largeFileSharesState", "minimumTlsVersion"}
        | {"networkRuleSet", "publicNetworkAccess", "sku.tier"}
    ),
    auto_name=RandomName("accountName"),
    lengths={"accountName": (3, 24)},
    patterns={"accountName": "[a-z0-9]+"},
)

CONTAINER = ArmResource(
    token="azure-native:storage:BlobContainer",  # noqa: S106 - a type
    path=f"{_ACCOUNT}/blobServices/default/containers/{{containerName}}",
    version="2024-01-01",
    lengths={"containerName": (3, 63)},
    filled_in=frozenset({"defaultEncryptionScope", "denyEncryptionScopeOverride", "publicAccess"}),
)

BUS_NAMESPACE = ArmResource(
    token="azure-native:servicebus:Namespace",  # noqa: S106 - a type
    path=_BUS,
    version="2026-01-01",
    puts_long=True,
    deletes_long=True,
    withheld=_ENDPOINTS,
    replaced_by=frozenset({LOCATION}),
    filled_in=frozenset(
        {"disableLocalAuth", "minimumTlsVersion", "publicNetworkAccess", "sku", "sku.tier", "zoneRedundant"}
        | {"geoDataReplication", "ipAddressType", "premiumMessagingPartitions", "platformCapabilities", *_ENDPOINTS}
    ),
    auto_name=RandomName("namespaceName"),
    lengths={"namespaceName": (6, 50)},
)

QUEUE = ArmResource(
    token="azure-native:servicebus:Queue",  # noqa: S106 - a type
    path=f"{_BUS}/queues/{{queueName}}",
    version="2026-01-01",
    replaced_by=_ONCE,
    filled_in=_TIMES
    | {"deadLetteringOnMessageExpiration", "enableBatchedOperations", "enableExpress", "enablePartitioning"}
    | {"lockDuration", "maxDeliveryCount", "maxMessageSizeInKilobytes", "maxSizeInMegabytes", "status"}
    | {"requiresDuplicateDetection", "requiresSession"},
)

TOPIC = ArmResource(
    token="azure-native:servicebus:Topic",  # noqa: S106 - a type
    path=f"{_BUS}/topics/{{topicName}}",
    version="2026-01-01",
    replaced_by=_ONCE - {"requiresSession"},
    filled_in=_TIMES
    | {"enableBatchedOperations", "enableExpress", "enablePartitioning", "maxMessageSizeInKilobytes"}
    | {"maxSizeInMegabytes", "requiresDuplicateDetection", "status", "supportOrdering"},
)

HUB_NAMESPACE = ArmResource(
    token="azure-native:eventhub:Namespace",  # noqa: S106 - a type
    path=_HUBS,
    version="2024-01-01",
    puts_long=True,
    deletes_long=True,
    withheld=_ENDPOINTS,
    replaced_by=frozenset({LOCATION}),
    filled_in=frozenset(
        {"disableLocalAuth", "isAutoInflateEnabled", "kafkaEnabled", "maximumThroughputUnits", "minimumTlsVersion"}
        | {"publicNetworkAccess", "sku", "sku.capacity", "sku.tier", "zoneRedundant", *_ENDPOINTS}
    ),
    auto_name=RandomName("namespaceName"),
    lengths={"namespaceName": (6, 50)},
)

HUB = ArmResource(
    token="azure-native:eventhub:EventHub",  # noqa: S106 - a type
    path=f"{_HUBS}/eventhubs/{{eventHubName}}",
    version="2024-01-01",
    withheld=frozenset({"captureDescription"}),
    filled_in=frozenset({"messageRetentionInDays", "partitionCount", "retentionDescription", "status"}),
    lengths={"eventHubName": (1, 256)},
)

VAULT = ArmResource(
    token="azure-native:keyvault:Vault",  # noqa: S106 - a type
    path=f"{IN_GROUP}/Microsoft.KeyVault/vaults/{{vaultName}}",
    version="2024-11-01",
    outermost=OUTERMOST | {"properties"},
    puts_long=True,
    shared="accessPolicies",
    filled_in=frozenset(
        f"properties.{name}"
        for name in (
            *("accessPolicies", "enablePurgeProtection", "enableRbacAuthorization", "enableSoftDelete", "networkAcls"),
            *("createMode", "provisioningState", "publicNetworkAccess", "softDeleteRetentionInDays", "vaultUri"),
            *("enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment"),
        )
    ),
    auto_name=RandomName("vaultName"),
    patterns={"vaultName": "[a-zA-Z0-9-]{3,24}"},
)

COSMOS_ACCOUNT = ArmResource(
    token="azure-native:cosmosdb:DatabaseAccount",  # noqa: S106 - a type
    path=_COSMOS,
    version="2025-10-15",
    puts_long=True,
    deletes_long=True,
    filled_in=frozenset(
        {"analyticalStorageConfiguration", "apiProperties", "backupPolicy", "capabilities", "capacity", "kind"}
        | {"consistencyPolicy", "cors", "createMode", "defaultIdentity", "defaultPriorityLevel", "disableLocalAuth"}
        | {"identity", "ipRules", "minimalTlsVersion", "networkAclBypass", "publicNetworkAccess"}
        | {"locations.failoverPriority", "locations.isZoneRedundant"}
    ),
    auto_name=RandomName("accountName"),
    lengths={"accountName": (3, 50)},
    patterns={"accountName": "[a-z0-9]+(-[a-z0-9]+)*"},
)

COSMOS_ROLE = ArmResource(
    token="azure-native:cosmosdb:SqlResourceSqlRoleDefinition",  # noqa: S106 - a type
    path=f"{_COSMOS}/sqlRoleDefinitions/{{roleDefinitionId}}",
    version="2025-10-15",
    outermost=OUTERMOST - {"type"},
    puts_long=True,
    deletes_long=True,
    auto_name=RandomGuid("roleDefinitionId"),
    # The output of that name is the resource's type.
    alike=frozenset({"type"}),
    filled_in=frozenset({"type"}),
)

COSMOS_ASSIGNMENT = ArmResource(
    token="azure-native:cosmosdb:SqlResourceSqlRoleAssignment",  # noqa: S106 - a type
    path=f"{_COSMOS}/sqlRoleAssignments/{{roleAssignmentId}}",
    version="2025-10-15",
    puts_long=True,
    deletes_long=True,
    replaced_by=frozenset({"principalId", "scope"}),
    auto_name=RandomGuid("roleAssignmentId"),
)

SQL_SERVER = ArmResource(
    token="azure-native:sql:Server",  # noqa: S106 - a type
    path=_SQL,
    version="2023-08-01",
    puts_long=True,
    deletes_long=True,
    # A password: servers here are administered by principals of Entra alone.
    withheld=frozenset({"administratorLoginPassword"}),
    replaced_by=frozenset({"administratorLogin", LOCATION}),
    filled_in=frozenset(
        {"administratorLogin", "administrators", "identity", "isIPv6Enabled", "minimalTlsVersion", "version"}
        | {"publicNetworkAccess", "restrictOutboundNetworkAccess"}
        | {f"administrators.{name}" for name in ("administratorType", "azureADOnlyAuthentication", "tenantId")}
    ),
    auto_name=RandomName("serverName"),
)

SQL_DATABASE = ArmResource(
    token="azure-native:sql:Database",  # noqa: S106 - a type
    path=f"{_SQL}/databases/{{databaseName}}",
    version="2023-08-01",
    puts_long=True,
    deletes_long=True,
    replaced_by=frozenset({LOCATION, "collation", "catalogCollation"}),
    filled_in=frozenset(
        {"availabilityZone", "catalogCollation", "collation", "isLedgerOn", "maintenanceConfigurationId", "sku"}
        | {"maxSizeBytes", "readScale", "requestedBackupStorageRedundancy", "zoneRedundant"}
        | {"sku.capacity", "sku.family", "sku.tier"}
    ),
)

REGISTRY = ArmResource(
    token="azure-native:containerregistry:Registry",  # noqa: S106 - a type
    path=f"{IN_GROUP}/Microsoft.ContainerRegistry/registries/{{registryName}}",
    version="2023-01-01-preview",
    names={"iPAddressOrRange": "value"},
    puts_long=True,
    deletes_long=True,
    replaced_by=frozenset({LOCATION}),
    filled_in=frozenset(
        {"adminUserEnabled", "anonymousPullEnabled", "dataEndpointEnabled", "encryption", "networkRuleBypassOptions"}
        | {"networkRuleSet", "policies", "publicNetworkAccess", "sku.tier", "zoneRedundancy"}
    ),
    auto_name=RandomName("registryName"),
    lengths={"registryName": (5, 50)},
    patterns={"registryName": "[a-zA-Z0-9]*"},
)

SERVICES = (
    STORAGE_ACCOUNT,
    CONTAINER,
    BUS_NAMESPACE,
    QUEUE,
    TOPIC,
    HUB_NAMESPACE,
    HUB,
    VAULT,
    COSMOS_ACCOUNT,
    COSMOS_ROLE,
    COSMOS_ASSIGNMENT,
    SQL_SERVER,
    SQL_DATABASE,
    REGISTRY,
)
