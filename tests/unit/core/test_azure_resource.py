"""Targets of grants on Azure: each kind by its resource id, everything else refused."""

from __future__ import annotations

import pytest

from nhi_components.core.azure_resource import CosmosScope, ResourceKind, target_of, target_problems

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
WHOLE = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{WHOLE}/resourceGroups/shop-dev"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/shopdev"
BUS = f"{GROUP}/providers/Microsoft.ServiceBus/namespaces/shop"
HUBS = f"{GROUP}/providers/Microsoft.EventHub/namespaces/shop"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/shop"
COSMOS = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/shop"
SERVER = f"{GROUP}/providers/Microsoft.Sql/servers/shop"
IDS = {
    ResourceKind.SUBSCRIPTION: WHOLE,
    ResourceKind.RESOURCE_GROUP: GROUP,
    ResourceKind.STORAGE_ACCOUNT: STORAGE,
    ResourceKind.BLOB_CONTAINER: f"{STORAGE}/blobServices/default/containers/invoices",
    ResourceKind.STORAGE_QUEUE: f"{STORAGE}/queueServices/default/queues/orders",
    ResourceKind.STORAGE_TABLE: f"{STORAGE}/tableServices/default/tables/orders",
    ResourceKind.FILE_SHARE: f"{STORAGE}/fileServices/default/fileshares/orders",
    ResourceKind.SERVICE_BUS_NAMESPACE: BUS,
    ResourceKind.SERVICE_BUS_QUEUE: f"{BUS}/queues/orders",
    ResourceKind.SERVICE_BUS_TOPIC: f"{BUS}/topics/orders",
    ResourceKind.SERVICE_BUS_SUBSCRIPTION: f"{BUS}/topics/orders/subscriptions/billing",
    ResourceKind.EVENT_HUBS_NAMESPACE: HUBS,
    ResourceKind.EVENT_HUB: f"{HUBS}/eventhubs/orders",
    ResourceKind.CONSUMER_GROUP: f"{HUBS}/eventhubs/orders/consumergroups/billing",
    ResourceKind.KEY_VAULT: VAULT,
    ResourceKind.VAULT_SECRET: f"{VAULT}/secrets/courier-key",
    ResourceKind.VAULT_KEY: f"{VAULT}/keys/orders",
    ResourceKind.VAULT_CERTIFICATE: f"{VAULT}/certificates/orders",
    ResourceKind.COSMOS_ACCOUNT: COSMOS,
    ResourceKind.COSMOS_DATABASE: f"{COSMOS}/sqlDatabases/sales",
    ResourceKind.COSMOS_CONTAINER: f"{COSMOS}/sqlDatabases/sales/containers/by day",
    ResourceKind.SQL_SERVER: SERVER,
    ResourceKind.SQL_DATABASE: f"{SERVER}/databases/orders",
    ResourceKind.CONTAINER_REGISTRY: f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/shopimages",
    ResourceKind.RESOURCE: f"{GROUP}/providers/Microsoft.Web/sites/shop/slots/blue",
}


@pytest.mark.parametrize(("kind", "scope"), IDS.items())
def test_each_kind_is_read_by_its_id_whatever_the_letter_case(kind: ResourceKind, scope: str) -> None:
    for written in (scope, scope.lower(), scope.upper()):
        target = target_of(written)
        assert target is not None
        assert (target.kind, target.scope, target.subscription) == (kind, written, SUBSCRIPTION)
        group = "" if kind is ResourceKind.SUBSCRIPTION else "shop-dev"
        assert target.resource_group.lower() == group
        assert target.group.lower() == (GROUP if group else WHOLE).lower()
        assert target_problems("grants[0].targets[0]", written) == []


def test_every_kind_has_an_id() -> None:
    assert set(IDS) == set(ResourceKind)


@pytest.mark.parametrize(
    "scope",
    [
        *("", "/", "*", "shop-dev", "/subscriptions", "/subscriptions/shop", f"{WHOLE}/", f"{WHOLE}/resourceGroups/"),
        *(f"{WHOLE}/resourceGroups/*", f"{WHOLE}/resourceGroups/ends.", f"{GROUP}/providers/Microsoft.ServiceBus"),
        *(f"{BUS}/queues/*", f"{BUS}/queues", f"{BUS}/queues/", f"{BUS}/queues/a\n", f"{BUS}/queues/ a", f" {BUS}"),
        *("/providers/Microsoft.Management/managementGroups/shop", f"{GROUP}/Microsoft.ServiceBus/namespaces/shop"),
        *(
            "https://shop.servicebus.windows.net/orders",
            "arn:aws:sqs:eu-west-1:1:orders",
            "projects/shop/topics/orders",
        ),
        f"{WHOLE}/providers/Microsoft.ServiceBus/namespaces/shop",
    ],
)
def test_what_no_role_can_be_assigned_at_is_refused(scope: str) -> None:
    assert target_of(scope) is None
    (problem,) = target_problems("grants[0].targets[0]", scope)
    assert problem.path == "grants[0].targets[0]"


@pytest.mark.parametrize(
    ("kind", "below"),
    [
        (ResourceKind.COSMOS_ACCOUNT, ""),
        (ResourceKind.COSMOS_DATABASE, "/dbs/sales"),
        (ResourceKind.COSMOS_CONTAINER, "/dbs/sales/colls/by day"),
    ],
)
def test_cosmos_has_scopes_of_its_own(kind: ResourceKind, below: str) -> None:
    target = target_of(IDS[kind])
    assert target is not None
    assert target.cosmos == CosmosScope(COSMOS, "shop", COSMOS + below)


def test_nothing_else_has_them() -> None:
    others = (target_of(scope) for kind, scope in IDS.items() if not kind.name.startswith("COSMOS"))
    assert all(target is not None and target.cosmos is None for target in others)


@pytest.mark.parametrize(
    ("kind", "provider"),
    [
        (ResourceKind.EVENT_HUB, "microsoft.eventhub"),
        (ResourceKind.RESOURCE_GROUP, ""),
        (ResourceKind.SUBSCRIPTION, ""),
    ],
)
def test_a_resource_tells_its_provider(kind: ResourceKind, provider: str) -> None:
    target = target_of(IDS[kind])
    assert target is not None
    assert target.provider == provider
