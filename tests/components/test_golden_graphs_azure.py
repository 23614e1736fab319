"""What each identity on Azure registers, held against a golden graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from nhi_components import Grant, SecretSpec, azure
from nhi_components.core.credential.places import FilePlace, KeyVaultPlace
from nhi_components.core.rule_exception import RuleException
from tests.components.conftest import IDENTITY
from tests.components.graphs import assert_golden

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
OTHER_SUBSCRIPTION = "66666666-7777-8888-9999-000000000000"
PLACE: dict[str, Any] = {"subscription": SUBSCRIPTION, "resource_group": "shop-dev", "location": "westeurope"}
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop-dev"
BUS = f"{GROUP}/providers/Microsoft.ServiceBus/namespaces/shop-dev"
QUEUE = f"{BUS}/queues/orders"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/shopdev"
CONTAINER = f"{STORAGE}/blobServices/default/containers/invoices"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/shop-dev"
COSMOS = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/shop-dev"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
ITEMS = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items"
SENDS = "Microsoft.ServiceBus/namespaces/messages/send/action"
SEND = Grant(actions=[SENDS], targets=[QUEUE])
READ = Grant(actions=["Storage Blob Data Reader"], targets=[CONTAINER])
DEPLOYER = "99999999-aaaa-bbbb-cccc-dddddddddddd"
GITHUB = azure.GitHub(repository="example/orders", environment="prod", owner_id="123456", repository_id="456789")
ISSUER = "https://westeurope.oic.prod-aks.azure.com/99999999-8888-7777-6666-555555555555/aaaa-bbbb/"
VENDOR = azure.VendorSubject(issuer="https://login.vendor.example.com", subject_claim="customer-4711")
WHY = "the warehouse product signs in with a client secret, and with nothing else"

TAGS_EXCEPTION = RuleException(
    rule="azure.action-wildcard",
    resource="orders*",
    reason="it reads and writes whatever tags blobs have",
    approver="ada@example.com",
    ends=IDENTITY["expires"],
)


def of(kind: str, **more: Any) -> dict[str, Any]:
    return {**IDENTITY, "kind": kind, **more}


def azure_workload_with_secret() -> None:
    trust = azure.AttachedTrust(deployers=[DEPLOYER])
    azure.WorkloadIdentity(
        "orders",
        identity=IDENTITY,
        **PLACE,
        trusted_by=trust,
        grants=[SEND, READ],
        secret=SecretSpec(),
        vault=VAULT,
    )


def azure_workload_suspended() -> None:
    identity = {**IDENTITY, "name": "suspended", "state": "suspended"}
    trust = azure.AttachedTrust(deployers=[DEPLOYER])
    cosmos = Grant(actions=[f"{ITEMS}/read"], targets=[COSMOS])
    azure.WorkloadIdentity(
        "orders", identity=identity, **PLACE, trusted_by=trust, grants=[SEND, READ, cosmos], secret={}, vault=VAULT
    )


def azure_grants_on_every_kind() -> None:
    elsewhere = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/media"
    providers = f"{GROUP}/providers"
    grants = [
        SEND,
        Grant(actions=[SENDS], targets=[f"{elsewhere}/providers/Microsoft.ServiceBus/namespaces/media/topics/new"]),
        Grant(
            actions=["Microsoft.ServiceBus/namespaces/messages/receive/action"],
            targets=[f"{BUS}/topics/orders/subscriptions/billing", BUS],
        ),
        Grant(actions=[f"{BLOBS}/read", f"{BLOBS}/write"], targets=[CONTAINER, STORAGE]),
        Grant(
            actions=["Microsoft.EventHub/namespaces/messages/send/action"],
            targets=[f"{providers}/Microsoft.EventHub/namespaces/shop/eventhubs/orders"],
        ),
        Grant(actions=["Key Vault Secrets User"], targets=[f"{VAULT}/secrets/courier-key"]),
        Grant(
            actions=["Microsoft.Sql/servers/databases/read"],
            targets=[f"{providers}/Microsoft.Sql/servers/shop/databases/orders"],
        ),
        Grant(
            actions=["Microsoft.ContainerRegistry/registries/pull/read"],
            targets=[f"{providers}/Microsoft.ContainerRegistry/registries/shopimages"],
        ),
        Grant(actions=["Microsoft.Storage/storageAccounts/read", f"{BLOBS}/read"], targets=[GROUP]),
        Grant(
            actions=["Microsoft.Resources/subscriptions/resourceGroups/read"],
            targets=[f"/subscriptions/{SUBSCRIPTION}"],
        ),
        Grant(actions=["Microsoft.Web/sites/read"], targets=[f"{providers}/Microsoft.Web/sites/shop"]),
    ]
    azure.WorkloadIdentity("orders", identity=of("pipeline"), **PLACE, grants=grants)


def azure_cosmos_roles_of_its_own() -> None:
    container = f"{COSMOS}/sqlDatabases/shop/containers/orders"
    grants = [
        Grant(actions=[f"{ITEMS}/read", f"{ITEMS}/upsert"], targets=[container, f"{COSMOS}/sqlDatabases/sales"]),
        Grant(actions=["Cosmos DB Built-in Data Reader"], targets=[COSMOS]),
        Grant(
            actions=[
                "Microsoft.DocumentDB/databaseAccounts/read",
                "Microsoft.DocumentDB/databaseAccounts/readMetadata",
            ],
            targets=[COSMOS],
        ),
    ]
    azure.WorkloadIdentity("orders", identity=IDENTITY, **PLACE, grants=grants)


def azure_targets_known_later() -> None:
    queue = azure.LaterTarget(azure.ResourceKind.SERVICE_BUS_QUEUE, pulumi.Output.from_input(QUEUE))
    media = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/media/providers"
    topic = azure.LaterTarget(
        azure.ResourceKind.SERVICE_BUS_TOPIC,
        pulumi.Output.from_input(f"{media}/Microsoft.ServiceBus/namespaces/media/topics/new"),
        OTHER_SUBSCRIPTION,
        "media",
        "new",
    )
    account = azure.LaterTarget(azure.ResourceKind.COSMOS_ACCOUNT, pulumi.Output.from_input(COSMOS))
    grants = [
        Grant(actions=[SENDS], targets=[queue, topic]),
        Grant(actions=["Azure Service Bus Data Receiver"], targets=[queue]),
        Grant(actions=[f"{ITEMS}/read"], targets=[account]),
    ]
    azure.WorkloadIdentity("orders", identity=IDENTITY, **PLACE, grants=grants)


def azure_wildcard_with_an_exception() -> None:
    grant = Grant(actions=[f"{BLOBS}/tags/*"], targets=[CONTAINER], exception=TAGS_EXCEPTION)
    azure.WorkloadIdentity("orders", identity=IDENTITY, **PLACE, grants=[grant])


def azure_workload_of_another_cloud() -> None:
    trust = azure.FederatedTrust(issuer="https://accounts.google.com", subject_claim="112233445566778899000")
    azure.WorkloadIdentity(
        "orders", identity=IDENTITY, subscription=SUBSCRIPTION, resource_group="shop-dev", trusted_by=trust
    )


def azure_deployer_known_later() -> None:
    trust = azure.AttachedTrust(deployers=[DEPLOYER, pulumi.Output.from_input(SUBSCRIPTION)])
    azure.WorkloadIdentity("orders", identity=IDENTITY, **PLACE, trusted_by=trust)


def azure_github() -> None:
    azure.PipelineIdentity("deploy", identity=of("pipeline"), **PLACE, source=GITHUB, grants=[SEND])


def azure_github_suspended() -> None:
    identity = of("pipeline", name="suspended", state="suspended")
    azure.PipelineIdentity("deploy", identity=identity, **PLACE, source=GITHUB, grants=[SEND])


def azure_gitlab() -> None:
    source = azure.GitLab(project="example/shop/orders", ref="main")
    azure.PipelineIdentity("deploy", identity=of("pipeline"), **PLACE, source=source, grants=[SEND])


def azure_terraform() -> None:
    source = azure.TerraformCloud(organization="example", project="shop", workspace="orders", run_phase="plan")
    azure.PipelineIdentity("deploy", identity=of("pipeline"), **PLACE, source=source)


def azure_aks_workload() -> None:
    azure.AksWorkloadIdentity(
        "orders",
        identity=IDENTITY,
        **PLACE,
        issuer=ISSUER,
        namespace="orders",
        service_account="api",
        grants=[SEND],
        secret={"generate_bytes": None},
        vault=VAULT,
    )


def azure_aks_workload_of_a_new_cluster() -> None:
    azure.AksWorkloadIdentity(
        "orders",
        identity=IDENTITY,
        **PLACE,
        issuer=pulumi.Output.from_input(ISSUER),
        namespace="orders",
        service_account=pulumi.Output.from_input("api"),
    )


def azure_agent_with_two_tools() -> None:
    cosmos = Grant(actions=[f"{ITEMS}/read"], targets=[COSMOS])
    azure.AgentIdentity(
        "support",
        identity=of("ai-agent"),
        sponsor="ada@example.com",
        **PLACE,
        trusted_by=azure.AttachedTrust(deployers=[DEPLOYER]),
        tools={"search": [READ, cosmos], "escalate": [SEND, READ, cosmos]},
    )


def azure_agent_elsewhere_suspended() -> None:
    identity = of("ai-agent", name="suspended", state="suspended", sponsor="ada@example.com")
    trust = azure.FederatedTrust(issuer=ISSUER, subject_claim="system:serviceaccount:agents:support")
    azure.AgentIdentity("support", identity=identity, **PLACE, trusted_by=trust, tools={"search": [READ]})


def azure_vendor() -> None:
    azure.ThirdPartyIdentity("audit", identity=of("third-party"), **PLACE, vendor=VENDOR, grants=[READ])


def azure_app() -> None:
    azure.AppIdentity(
        "warehouse",
        identity=of("service-account"),
        subscription=SUBSCRIPTION,
        why_not_federated=WHY,
        places=[KeyVaultPlace(vault="shop-dev")],
        grants=[SEND],
    )


def azure_app_everywhere() -> None:
    queue = azure.LaterTarget(
        azure.ResourceKind.SERVICE_BUS_QUEUE, pulumi.Output.from_input(QUEUE), resource_group="shop-dev"
    )
    azure.AppIdentity(
        "warehouse",
        identity=of("api-key", approvers=("ada@example.com",)),
        subscription=SUBSCRIPTION,
        why_not_federated=WHY,
        places=[KeyVaultPlace(vault="shop-dev"), FilePlace(path="/run/warehouse/secret.json")],
        grants=[Grant(actions=[SENDS], targets=[queue])],
        rotation={"every": "3d", "overlap": "1d"},
        dependents=[
            {"name": "warehouse", "alive": {"kind": "command", "command": ["systemctl", "is-active", "warehouse"]}}
        ],
        generation=2,
    )


def azure_app_suspended() -> None:
    azure.AppIdentity(
        "warehouse",
        identity=of("service-account", name="suspended", state="suspended"),
        subscription=SUBSCRIPTION,
        why_not_federated=WHY,
        places=[KeyVaultPlace(vault="shop-dev")],
        grants=[SEND],
    )


PROGRAMS = [
    azure_agent_elsewhere_suspended,
    azure_agent_with_two_tools,
    azure_aks_workload,
    azure_aks_workload_of_a_new_cluster,
    azure_app,
    azure_app_everywhere,
    azure_app_suspended,
    azure_cosmos_roles_of_its_own,
    azure_deployer_known_later,
    azure_github,
    azure_github_suspended,
    azure_gitlab,
    azure_grants_on_every_kind,
    azure_targets_known_later,
    azure_terraform,
    azure_vendor,
    azure_wildcard_with_an_exception,
    azure_workload_of_another_cloud,
    azure_workload_suspended,
    azure_workload_with_secret,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_graph_is_the_golden_one(program: Callable[[], object], registered: Any) -> None:
    assert_golden(program, registered)
