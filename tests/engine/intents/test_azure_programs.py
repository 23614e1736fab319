"""Intents on Azure in a program on the real engine: on resources of six services that it makes itself, and in a vault.

What is done with them goes to the double's data planes, with tokens of the bundle's managed identity. SQL has no
intent, as no role of Azure's reaches its data: an operation on a database as a resource is granted by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conformance.azure_intents.world import Caller
from tests.engine.azure import BUS, IN_GROUP, AzureCloud, another_queue, azure_bundle, azure_program, bus_queue
from tests.engine.azure_access import ask, assert_gone, everything
from tests.engine.azure_by_hand import VAULT, VAULT_ID, make_vault
from tools.doubles.azure.subscriptions import GROUP, LOCATION
from tools.doubles.azure.versions import default_of
from tools.lab.project import Project

ACCOUNT, HUBS, COSMOS, REGISTRY, SERVER = "nhiorders", "nhi-events", "nhi-items", "nhiimages", "nhi-figures"
PLACE = f"resource_group_name={GROUP!r}, location={LOCATION!r}"
MAKE = f"""\
from pulumi_azure_native import containerregistry, cosmosdb, eventhub, sql, storage
account = storage.StorageAccount({ACCOUNT!r}, account_name={ACCOUNT!r}, {PLACE}, kind='StorageV2',
    sku={{'name': 'Standard_LRS'}}, allow_shared_key_access=False)
container, _ = (storage.BlobContainer(name, container_name=name, account_name=account.name,
    resource_group_name={GROUP!r}) for name in ('orders', 'invoices'))
hubs = eventhub.Namespace({HUBS!r}, namespace_name={HUBS!r}, {PLACE}, sku={{'name': 'Standard'}})
hub = eventhub.EventHub('hub', event_hub_name='orders', namespace_name=hubs.name, resource_group_name={GROUP!r})
items = cosmosdb.DatabaseAccount({COSMOS!r}, account_name={COSMOS!r}, {PLACE}, database_account_offer_type='Standard',
    locations=[{{'location_name': {LOCATION!r}, 'failover_priority': 0}}], disable_local_auth=True)
registry = containerregistry.Registry({REGISTRY!r}, registry_name={REGISTRY!r}, {PLACE}, sku={{'name': 'Basic'}})
server = sql.Server({SERVER!r}, server_name={SERVER!r}, {PLACE})
database = sql.Database('figures', database_name='figures', server_name=server.name, {PLACE})
collection = items.id.apply(lambda account: account + '/sqlDatabases/shop/containers/orders')
"""
GRANTS = f"""(
    azure.intents.storage.read_blobs(container.id)
    + azure.intents.storage.write_blobs(container.id)
    + azure.intents.servicebus.send_to_queue(queue.id)
    + azure.intents.eventhub.send(hub.id)
    + azure.intents.keyvault.read_secret('{VAULT_ID}/secrets/database')
    + azure.intents.keyvault.sign('{VAULT_ID}/keys/orders')
    + azure.intents.keyvault.encrypt('{VAULT_ID}/keys/orders')
    + azure.intents.cosmosdb.query_items(collection)
    + azure.intents.cosmosdb.create_items(collection)
    + azure.intents.containerregistry.pull(registry.id)
    + (nhi.Grant(actions=['Microsoft.Sql/servers/databases/read'],
                 targets=[azure.LaterTarget(kind=azure.ResourceKind.SQL_DATABASE, name=database.id)]),)
)"""
IMAGE = "team/api"
KEY, OTHER_KEY = (f"/vaults/{VAULT}/keys/{name}" for name in ("orders", "invoices"))
DATABASE = f"{IN_GROUP}/Microsoft.Sql/servers/{SERVER}/databases/figures"
SQL = f"?api-version={default_of('Microsoft.Sql/servers')}"
DOCUMENTS = f"/cosmos/{COSMOS}/dbs/shop/colls/orders/docs"
QUERY = {"x-ms-documentdb-isquery": "true"}
SEALING = {"alg": "RSA-OAEP-256", "value": "eA"}
DIGEST = {"alg": "RS256", "value": "A" * 43}
_REFUSALS = (
    "AuthorizationPermissionMismatch",
    "40100: Unauthorized access",
    "Caller is not authorized to perform action",
    "does not have required RBAC permissions",
    "no access of repository:",
    "AuthorizationFailed",
)
"""How each service words that the identity lacks a role."""


@dataclass(frozen=True)
class Call:
    """One call of the workload's."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    wants: str = ""


ALLOWED = (
    Call("GET", f"/blob/{ACCOUNT}/orders/in/1"),
    Call("GET", f"/blob/{ACCOUNT}/orders?comp=list&restype=container"),
    Call("PUT", f"/blob/{ACCOUNT}/orders/in/2", b"x"),
    Call("POST", f"/servicebus/{BUS}/orders/messages", b"x"),
    Call("POST", f"/eventhubs/{HUBS}/orders/messages", b"x"),
    Call("GET", f"/vaults/{VAULT}/secrets/database"),
    Call("POST", f"{KEY}//sign", DIGEST),
    Call("POST", f"{KEY}//encrypt", SEALING),
    Call("POST", DOCUMENTS, {"query": "SELECT * FROM c"}, QUERY),
    Call("POST", DOCUMENTS, {"id": "2"}),
    Call("GET", f"/registry/{REGISTRY}/v2/{IMAGE}/manifests/v1", wants=f"repository:{IMAGE}:pull"),
    Call("GET", f"{DATABASE}{SQL}"),
)
REFUSED = (
    Call("PUT", f"/blob/{ACCOUNT}/orders/in/1", b"y"),
    Call("DELETE", f"/blob/{ACCOUNT}/orders/in/1"),
    Call("GET", f"/blob/{ACCOUNT}/invoices/in/1"),
    Call("DELETE", f"/servicebus/{BUS}/orders/messages/head"),
    Call("POST", f"/servicebus/{BUS}/invoices/messages", b"x"),
    Call("GET", f"/eventhubs/{HUBS}/orders/consumergroups/$Default/messages"),
    Call("PUT", f"/vaults/{VAULT}/secrets/database", {"value": "y"}),
    Call("GET", f"/vaults/{VAULT}/secrets/others"),
    Call("POST", f"{KEY}//decrypt", SEALING),
    Call("POST", f"{KEY}//verify", {**DIGEST, "digest": "A" * 43}),
    Call("POST", f"{OTHER_KEY}//sign", DIGEST),
    Call("GET", KEY),
    Call("DELETE", f"{DOCUMENTS}/1"),
    Call("POST", DOCUMENTS, {"id": "3"}, {"x-ms-documentdb-is-upsert": "true"}),
    Call("PUT", f"/registry/{REGISTRY}/v2/{IMAGE}/manifests/v2", b"{}", wants=f"repository:{IMAGE}:push"),
    Call("PUT", f"{DATABASE}{SQL}", {"location": LOCATION, "properties": {}}),
    Call("DELETE", f"{DATABASE}{SQL}"),
    Call("GET", f"{IN_GROUP}/Microsoft.Sql/servers/{SERVER}{SQL}"),
)


class Workload:
    """Calls with the tokens that a bundle's managed identity got while it could."""

    def __init__(self, azure: AzureCloud, client: str) -> None:
        self._caller = Caller(azure.double, client, Path(azure.environment["REQUESTS_CA_BUNDLE"]))

    def may(self, call: Call) -> bool:
        """Tell whether a call is answered; one that fails for anything but a role that is lacking is an error."""
        answer = self._caller.send(call.method, call.path, call.body, call.headers, call.wants)
        if not answer.ok:
            assert answer.status_code in (401, 403), f"{call}: {answer.status_code} {answer.text}"
            assert any(words in answer.text for words in _REFUSALS), f"{call}: {answer.text}"
        return answer.ok


def fill(azure: AzureCloud) -> None:
    """Have others put something everywhere, as the operator."""
    azure.double.resources.make(
        "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers", COSMOS, "shop", "orders"
    )
    operator = Caller(azure.double, azure.operator, Path(azure.environment["REQUESTS_CA_BUNDLE"]))
    for container in ("orders", "invoices"):
        assert operator.send("PUT", f"/blob/{ACCOUNT}/{container}/in/1", b"x").ok
    assert operator.send("POST", DOCUMENTS, {"id": "1"}).ok
    image = f"/registry/{REGISTRY}/v2/{IMAGE}/manifests/v1"
    assert operator.send("PUT", image, b"{}", wants=f"repository:{IMAGE}:push").ok


def test_intents_on_resources_of_the_same_program(project: Callable[..., Project], azure: AzureCloud) -> None:
    make_vault(azure)
    for secret in ("database", "others"):
        ask(azure, "PUT", f"/vaults/{VAULT}/secrets/{secret}", {"value": "x"})
    for key in (KEY, OTHER_KEY):
        ask(azure, "POST", f"{key}/create", {"kty": "RSA"})
    made = (bus_queue(), another_queue("invoices"), MAKE)
    outputs = {"client": "client_id"}
    stack = azure.reached_by(project(azure_program(*made, azure_bundle(azure, grants=GRANTS, outputs=outputs))))
    stack.preview()
    stack.up()
    fill(azure)
    told = stack.outputs()["orders-azure"]
    workload = Workload(azure, told["client"])
    assert [str(call) for call in ALLOWED if not workload.may(call)] == []
    assert [str(call) for call in REFUSED if workload.may(call)] == []
    stack.up("--expect-no-changes")

    # The resources stay, the identity goes; its tokens live on, and permit nothing.
    stack.write({"__main__.py": azure_program(*made)})
    stack.up()
    assert [str(call) for call in ALLOWED if workload.may(call)] == []
    assert everything(azure) == {"secrets": [f"{VAULT}/database", f"{VAULT}/others"]}
    assert azure.double.cosmos_roles.assignments.written == azure.double.cosmos_roles.definitions.written == {}
    stack.destroy()
    assert_gone(azure, stack, told["lease"])


def test_a_target_that_turns_out_to_be_something_else_ends_the_deployment_before_anything_is_assigned(
    project: Callable[..., Project], azure: AzureCloud
) -> None:
    grants = "azure.intents.eventhub.send(queue.id)"
    stack = azure.reached_by(project(azure_program(bus_queue(), azure_bundle(azure, grants=grants))))
    stack.preview()
    failed = stack.up(check=False)
    assert failed.code != 0
    assert "intent 'eventhub.send', known at deployment: 1 problem" in failed.text
    assert "expected: the resource id of an event hub" in failed.text
    assert "Traceback" not in failed.text
    assert "assignments" not in everything(azure)
