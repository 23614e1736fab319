"""The calls that the plugin makes are those of the real provider: each pinned, for each resource.

Sources: pulumi-azure-native 3, `provider.go` (look, write, read after writing) and `client_azcore.go`; azcore, `async`
poller (after a PUT that was polled the resource itself is read). Which calls are long-running operations: the REST
references of each service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.azure_engines import HERE, IN_GROUP, IN_SUBSCRIPTION, NativeEngine, azure
from tools.doubles.azure.directory import TENANT
from tools.doubles.azure.subscriptions import GROUP
from tools.plugins.azure.provider import RESOURCES

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
GUID = "6a2f5b52-30a4-4d7c-9b11-0f9d4c1f3b01"
ISSUER = "https://token.actions.githubusercontent.com"
IDENTITIES = f"{IN_GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities"
COSMOS = f"{IN_GROUP}/Microsoft.DocumentDB/databaseAccounts/shop"
TAGS = {"tags": {"nhi:lease": "lease-1"}}


@dataclass(frozen=True)
class Case:
    """A resource, what it is changed to, and how it is asked for.

    Attributes:
        token: its type.
        inputs: of its creation.
        change: what an update changes.
        id: its id.
        version: the api-version of every call.
        put_polls: where a PUT is polled: the provider whose operation it is; empty for done at once.
        delete_polls: likewise for a DELETE.
    """

    token: str
    inputs: dict[str, Any]
    change: dict[str, Any]
    id: str
    version: str
    put_polls: str = ""
    delete_polls: str = ""

    def __str__(self) -> str:
        return self.token

    def call(self, method: str, told: str = "") -> str:
        """A call by the id; after the creation by that which Azure told, whose letters may be larger."""
        return f"{method} {told or self.id}?api-version={self.version}"

    def polled(self, namespace: str) -> list[str]:
        where = f"{IN_SUBSCRIPTION}/providers/{namespace}/locations/westeurope/operationStatuses/#"
        return [f"GET {where}?api-version={self.version}"] if namespace else []

    @property
    def written(self) -> list[str]:
        read = [self.call("GET")] if self.put_polls else []
        return [self.call("PUT"), *self.polled(self.put_polls), *read]


BUS, HUBS, SQL, ACR = "Microsoft.ServiceBus", "Microsoft.EventHub", "Microsoft.Sql", "Microsoft.ContainerRegistry"
CASES = [
    Case(
        "resources:ResourceGroup",
        {"resourceGroupName": "labels", "location": "westeurope"},
        TAGS,
        f"{IN_SUBSCRIPTION}/resourcegroups/labels",
        "2024-03-01",
        delete_polls="Microsoft.Resources",
    ),
    Case(
        "managedidentity:UserAssignedIdentity",
        {**HERE, "resourceName": "labels"},
        TAGS,
        f"{IDENTITIES}/labels",
        "2023-01-31",
    ),
    Case(
        "managedidentity:FederatedIdentityCredential",
        {
            "resourceGroupName": GROUP,
            "resourceName": "orders",
            "federatedIdentityCredentialResourceName": "github",
            "issuer": ISSUER,
            "subject": "repo:a/b:ref:refs/heads/main",
            "audiences": ["api://AzureADTokenExchange"],
        },
        {"subject": "nhi:suspended"},
        f"{IDENTITIES}/orders/federatedIdentityCredentials/github",
        "2023-01-31",
    ),
    Case(
        "authorization:RoleDefinition",
        {
            "scope": IN_SUBSCRIPTION,
            "roleDefinitionId": GUID,
            "roleName": "labels lease-1",
            "roleType": "CustomRole",
            "assignableScopes": [IN_SUBSCRIPTION],
            "permissions": [{"actions": ["Microsoft.ServiceBus/namespaces/queues/read"], "dataActions": []}],
        },
        {"description": "prints (nhi:lease=lease-1)"},
        f"{IN_SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{GUID}",
        "2022-05-01-preview",
    ),
    Case(
        "authorization:RoleAssignment",
        {
            "scope": IN_SUBSCRIPTION,
            "roleAssignmentName": GUID,
            "principalId": "<principal>",
            "principalType": "ServicePrincipal",
            "roleDefinitionId": f"{IN_SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{READER}",
        },
        {"description": "prints (nhi:lease=lease-1)"},
        f"{IN_SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/{GUID}",
        "2022-04-01",
    ),
    Case(
        "storage:StorageAccount",
        {**HERE, "accountName": "labels", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}},
        {"allowSharedKeyAccess": False, **TAGS},
        f"{IN_GROUP}/Microsoft.Storage/storageAccounts/labels",
        "2024-01-01",
        put_polls="Microsoft.Storage",
    ),
    Case(
        "storage:BlobContainer",
        {"resourceGroupName": GROUP, "accountName": "shop", "containerName": "labels"},
        {"metadata": {"a": "b"}},
        f"{IN_GROUP}/Microsoft.Storage/storageAccounts/shop/blobServices/default/containers/labels",
        "2024-01-01",
    ),
    Case(
        "servicebus:Namespace",
        {**HERE, "namespaceName": "nhi-labels", "sku": {"name": "Standard"}},
        {"disableLocalAuth": True},
        f"{IN_GROUP}/{BUS}/namespaces/nhi-labels",
        "2026-01-01",
        put_polls=BUS,
        delete_polls=BUS,
    ),
    Case(
        "servicebus:Queue",
        {"resourceGroupName": GROUP, "namespaceName": "nhi-bus", "queueName": "labels"},
        {"maxDeliveryCount": 5},
        f"{IN_GROUP}/{BUS}/namespaces/nhi-bus/queues/labels",
        "2026-01-01",
    ),
    Case(
        "servicebus:Topic",
        {"resourceGroupName": GROUP, "namespaceName": "nhi-bus", "topicName": "labels"},
        {"maxSizeInMegabytes": 1024},
        f"{IN_GROUP}/{BUS}/namespaces/nhi-bus/topics/labels",
        "2026-01-01",
    ),
    Case(
        "eventhub:Namespace",
        {**HERE, "namespaceName": "nhi-labels", "sku": {"name": "Standard"}},
        {"disableLocalAuth": True},
        f"{IN_GROUP}/{HUBS}/namespaces/nhi-labels",
        "2024-01-01",
        put_polls=HUBS,
        delete_polls=HUBS,
    ),
    Case(
        "eventhub:EventHub",
        {"resourceGroupName": GROUP, "namespaceName": "nhi-hubs", "eventHubName": "labels"},
        {"messageRetentionInDays": 3},
        f"{IN_GROUP}/{HUBS}/namespaces/nhi-hubs/eventhubs/labels",
        "2024-01-01",
    ),
    Case(
        "keyvault:Vault",
        {
            **HERE,
            "vaultName": "labels",
            "properties": {
                "tenantId": TENANT,
                "sku": {"family": "A", "name": "standard"},
                "enableRbacAuthorization": True,
                "accessPolicies": [],
            },
        },
        TAGS,
        f"{IN_GROUP}/Microsoft.KeyVault/vaults/labels",
        "2024-11-01",
    ),
    Case(
        "cosmosdb:DatabaseAccount",
        {
            **HERE,
            "accountName": "labels",
            "databaseAccountOfferType": "Standard",
            "locations": [{"locationName": "westeurope"}],
        },
        {"disableLocalAuth": True},
        f"{IN_GROUP}/Microsoft.DocumentDB/databaseAccounts/labels",
        "2025-10-15",
        put_polls="Microsoft.DocumentDB",
        delete_polls="Microsoft.DocumentDB",
    ),
    Case(
        "cosmosdb:SqlResourceSqlRoleDefinition",
        {
            "resourceGroupName": GROUP,
            "accountName": "shop",
            "roleDefinitionId": GUID,
            "roleName": "labels",
            "type": "CustomRole",
            "assignableScopes": [COSMOS],
            "permissions": [{"dataActions": ["Microsoft.DocumentDB/databaseAccounts/readMetadata"]}],
        },
        {"roleName": "more labels"},
        f"{COSMOS}/sqlRoleDefinitions/{GUID}",
        "2025-10-15",
        put_polls="Microsoft.DocumentDB",
        delete_polls="Microsoft.DocumentDB",
    ),
    Case(
        "cosmosdb:SqlResourceSqlRoleAssignment",
        {
            "resourceGroupName": GROUP,
            "accountName": "shop",
            "roleAssignmentId": GUID,
            "principalId": "<principal>",
            "scope": COSMOS,
            "roleDefinitionId": f"{COSMOS}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000001",
        },
        {"roleDefinitionId": f"{COSMOS}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002"},
        f"{COSMOS}/sqlRoleAssignments/{GUID}",
        "2025-10-15",
        put_polls="Microsoft.DocumentDB",
        delete_polls="Microsoft.DocumentDB",
    ),
    Case(
        "sql:Server",
        {
            **HERE,
            "serverName": "labels",
            "administrators": {
                "administratorType": "ActiveDirectory",
                "azureADOnlyAuthentication": True,
                "login": "admins",
                "principalType": "Group",
                "sid": GUID,
                "tenantId": TENANT,
            },
        },
        {"publicNetworkAccess": "Disabled"},
        f"{IN_GROUP}/{SQL}/servers/labels",
        "2023-08-01",
        put_polls=SQL,
        delete_polls=SQL,
    ),
    Case(
        "sql:Database",
        {**HERE, "serverName": "shop", "databaseName": "labels", "sku": {"name": "S0"}},
        TAGS,
        f"{IN_GROUP}/{SQL}/servers/shop/databases/labels",
        "2023-08-01",
        put_polls=SQL,
        delete_polls=SQL,
    ),
    Case(
        "containerregistry:Registry",
        {**HERE, "registryName": "labels", "sku": {"name": "Basic"}},
        {"adminUserEnabled": True},
        f"{IN_GROUP}/{ACR}/registries/labels",
        "2023-01-01-preview",
        put_polls=ACR,
        delete_polls=ACR,
    ),
]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NativeEngine]:
    """The provider, with what the cases rest on in the double."""
    with azure(tmp_path, monkeypatch) as double:
        double.identities.make("orders")
        for type_, name in (
            ("Microsoft.Storage/storageAccounts", "shop"),
            (f"{BUS}/namespaces", "nhi-bus"),
            (f"{HUBS}/namespaces", "nhi-hubs"),
            ("Microsoft.DocumentDB/databaseAccounts", "shop"),
            (f"{SQL}/servers", "shop"),
        ):
            double.resources.make(type_, name)
        yield NativeEngine(double)


def of(plugin: NativeEngine, values: dict[str, Any]) -> dict[str, Any]:
    """Put the principal that there is where inputs name one."""
    principal = plugin.double.identities.principal_of(f"{IDENTITIES}/orders").object_id
    return {name: principal if value == "<principal>" else value for name, value in values.items()}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_resource_is_made_read_changed_and_deleted_with_these_calls(plugin: NativeEngine, case: Case) -> None:
    token, inputs = f"azure-native:{case.token}", of(plugin, case.inputs)
    previewed = plugin.preview(token, inputs)
    assert plugin.calls()[2:] == []
    kept = plugin.create(token, inputs)
    told = kept.resource_id
    assert told.lower() == case.id.lower()
    assert kept.calls == [case.call("GET"), *case.written, case.call("GET", told)]
    assert kept.outputs["azureApiVersion"] == previewed["azureApiVersion"] == case.version
    assert not plugin.diff(kept, inputs).changes

    refreshed = plugin.refresh(kept)
    assert refreshed is not None
    assert refreshed.calls == [case.call("GET", told)]
    assert refreshed.outputs == kept.outputs
    assert refreshed.inputs == kept.inputs

    changed = {**inputs, **case.change}
    assert sorted(plugin.diff(kept, changed).diffs) == sorted(case.change)
    assert not plugin.diff(kept, changed).replaces
    updated = plugin.update(kept, changed)
    assert updated.calls == [*case.written, case.call("GET")]
    assert not plugin.diff(updated, changed).changes

    assert plugin.delete(updated) == [case.call("DELETE", told), *case.polled(case.delete_polls)]
    assert plugin.refresh(updated) is None


def test_nothing_that_is_served_is_left_out_here() -> None:
    assert {f"azure-native:{case.token}" for case in CASES} == RESOURCES.keys()
