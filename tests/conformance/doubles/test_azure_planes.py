"""The data planes of the double of Azure: what each role lets a workload do, and with a token for whom.

No client of these services is installed: requests in the documented shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import requests

from tests.conformance.doubles.azure_asking import ARM, Asker, code_of, identity, operator
from tools.doubles.azure import AzureDouble
from tools.doubles.azure.directory import Principal
from tools.doubles.tls import write_authority

STORAGE, BUS, HUBS = "https://storage.azure.com", "https://servicebus.azure.net", "https://eventhubs.azure.net"
COSMOS, REGISTRY = "https://cosmos.azure.com", "https://containerregistry.azure.net"
WRITTEN = {"x_ms_version": "2021-12-02", "x_ms_blob_type": "BlockBlob"}
READER = "00000000-0000-0000-0000-000000000001"
CONTRIBUTOR = "00000000-0000-0000-0000-000000000002"


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AzureDouble]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(write_authority(tmp_path)))
    with AzureDouble() as running:
        yield running


@pytest.fixture
def asker(double: AzureDouble) -> Asker:
    return operator(double)


@pytest.fixture
def principal(double: AzureDouble) -> Principal:
    return identity(double, "orders-dev")


@pytest.fixture
def workload(double: AzureDouble, principal: Principal) -> Asker:
    return Asker(double, principal.client_id)


def container_of(double: AzureDouble, name: str) -> str:
    return double.resources.make(
        "Microsoft.Storage/storageAccounts/blobServices/containers", "ordersdev", "default", name
    )


class Blob:
    """Asks for a blob with the version that takes tokens."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker

    def __call__(self, method: str, path: str, body: bytes | None = None, audience: str = STORAGE) -> int:
        return self.asker.send(method, f"/blob/ordersdev/{path}", audience, body, **WRITTEN).status_code


def test_blobs_are_read_and_written_by_roles_at_their_container(
    double: AzureDouble, asker: Asker, workload: Asker, principal: Principal
) -> None:
    inside, _ = container_of(double, "orders"), container_of(double, "payments")
    assert Blob(asker)("PUT", "payments/a", b"theirs") == 201
    ask = Blob(workload)
    assert ask("PUT", "orders/a/b", b"one") == 403
    reader = double.rbac.assign(principal, "Storage Blob Data Reader", inside)
    assert Blob(asker)("PUT", "orders/a/b", b"one") == 201
    assert [ask("GET", "orders/a/b"), ask("PUT", "orders/a/b", b"x"), ask("DELETE", "orders/a/b")] == [200, 403, 403]
    assert [ask("GET", "payments/a"), ask("GET", "orders/none"), ask("GET", "orders/a/b", None, ARM)] == [403, 404, 401]
    assert ask("GET", "orders?restype=container&comp=list") == 200
    assert ask("GET", "payments?restype=container&comp=list") == 403
    assert ask("GET", "?comp=list") == 403
    double.rbac.remove(reader.id)
    double.rbac.assign(principal, "Storage Blob Data Contributor", inside)
    assert [ask("PUT", "orders/a/b", b"two"), ask("DELETE", "orders/a/b"), ask("DELETE", "orders/a/b")] == [
        201,
        202,
        404,
    ]
    assert ask("PUT", "orders2?restype=container") == 403
    assert workload.send("GET", "/blob/ordersdev/orders/a", STORAGE).status_code == 400


def test_a_custom_role_may_add_blobs_without_overwriting_any(
    double: AzureDouble, workload: Asker, principal: Principal
) -> None:
    inside = container_of(double, "orders")
    blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    role = {
        "roleName": "adder",
        "assignableScopes": [inside],
        "permissions": [{"dataActions": [f"{blobs}/add/action"]}],
    }
    made, _ = double.rbac.roles.put(str(uuid4()), role)
    double.rbac.assign(principal, made.guid, inside)
    ask = Blob(workload)
    assert [ask("PUT", "orders/a", b"one"), ask("PUT", "orders/a", b"two"), ask("GET", "orders/a")] == [201, 403, 403]


def test_a_condition_limits_a_role_to_some_blobs(double: AzureDouble, workload: Asker, principal: Principal) -> None:
    inside = container_of(double, "orders")
    path = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path]"
    facts = {"condition": f"({path} StringStartsWith 'in/')", "conditionVersion": "2.0"}
    double.rbac.assign(principal, "Storage Blob Data Contributor", inside, **facts)
    ask = Blob(workload)
    assert [ask("PUT", "orders/in/a", b"one"), ask("GET", "orders/in/a"), ask("PUT", "orders/out/a", b"one")] == [
        201,
        200,
        403,
    ]


def test_a_queue_is_sent_to_and_received_from_by_different_roles(
    double: AzureDouble, workload: Asker, principal: Principal
) -> None:
    queue = double.resources.make("Microsoft.ServiceBus/namespaces/queues", "orders-dev", "in")
    double.resources.make("Microsoft.ServiceBus/namespaces/queues", "orders-dev", "out")

    def ask(method: str, path: str, body: bytes | None = None, audience: str = BUS) -> requests.Response:
        return workload.send(method, f"/servicebus/orders-dev/{path}", audience, body)

    sender = double.rbac.assign(principal, "Azure Service Bus Data Sender", queue)
    assert ask("POST", "in/messages", b"one").status_code == 201
    assert ask("POST", "in/messages", b"two").status_code == 201
    refused = ask("DELETE", "in/messages/head")
    assert (refused.status_code, "'Listen' claim(s) are required" in refused.text) == (401, True)
    assert "'Send' claim(s)" in ask("POST", "out/messages", b"one").text
    assert ask("POST", "in/messages", b"one", ARM).status_code == 401
    double.rbac.remove(sender.id)
    assert ask("POST", "in/messages", b"one").status_code == 401
    double.rbac.assign(principal, "Azure Service Bus Data Receiver", queue)
    locked = ask("POST", "in/messages/head")
    assert (locked.status_code, locked.content) == (201, b"one")
    where = locked.headers["Location"].removeprefix(f"{double.url}/servicebus/orders-dev/")
    assert ask("PUT", where).status_code == 200
    assert [ask("DELETE", "in/messages/head").content for _ in range(2)] == [b"one", b"two"]
    assert ask("DELETE", "in/messages/head").status_code == 204
    assert ask("DELETE", where).status_code == 404


def test_a_topic_gives_to_its_subscriptions(double: AzureDouble, workload: Asker, principal: Principal) -> None:
    kind = "Microsoft.ServiceBus/namespaces/topics/subscriptions"
    mine, _ = (double.resources.make(kind, "orders-dev", "news", name) for name in ("mine", "theirs"))
    topic = mine.rpartition("/subscriptions/")[0]
    double.rbac.assign(principal, "Azure Service Bus Data Sender", topic)
    double.rbac.assign(principal, "Azure Service Bus Data Receiver", mine)
    base = "/servicebus/orders-dev/news"
    assert workload.send("POST", f"{base}/messages", BUS, b"one").status_code == 201
    assert workload.send("DELETE", f"{base}/subscriptions/theirs/messages/head", BUS).status_code == 401
    assert workload.send("DELETE", f"{base}/subscriptions/mine/messages/head", BUS).content == b"one"


def test_events_are_sent_and_received_by_different_roles(
    double: AzureDouble, workload: Asker, principal: Principal
) -> None:
    group = double.resources.make(
        "Microsoft.EventHub/namespaces/eventhubs/consumergroups", "orders-dev", "clicks", "mine"
    )
    hub, base = group.rpartition("/consumergroups/")[0], "/eventhubs/orders-dev/clicks"
    sender = double.rbac.assign(principal, "Azure Event Hubs Data Sender", hub)
    assert workload.send("POST", f"{base}/messages", HUBS, b"one").status_code == 201
    assert workload.send("GET", f"{base}/consumergroups/mine/messages", HUBS).status_code == 401
    double.rbac.remove(sender.id)
    double.rbac.assign(principal, "Azure Event Hubs Data Receiver", group)
    assert workload.send("GET", f"{base}/consumergroups/mine/messages", HUBS).json() == {"events": ["one"]}
    assert workload.send("GET", f"{base}/consumergroups/theirs/messages", HUBS).status_code == 401
    assert workload.send("POST", f"{base}/messages", HUBS, b"one").status_code == 401


class Documents:
    """Asks Cosmos DB, which takes a token in a form of its own."""

    def __init__(self, asker: Asker, audience: str = COSMOS) -> None:
        self.asker, self.audience = asker, audience

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> int:
        token = quote(f"type=aad&ver=1.0&sig={self.asker.token(self.audience)}", safe="")
        named = {"Authorization": token} | headers
        url = f"{self.asker.double.url}/cosmos/ordersdev/{path}"
        return requests.request(method, url, headers=named, json=body, timeout=10).status_code


@pytest.fixture
def account(double: AzureDouble) -> str:
    kind = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"
    return double.resources.make(kind, "ordersdev", "shop", "orders").rpartition("/sqlDatabases/")[0]


def assign(asker: Asker, account: str, principal: Principal, role: str, scope: str) -> tuple[str, tuple[int, str]]:
    path = f"{account}/sqlRoleAssignments/{uuid4()}"
    definition = f"{account}/sqlRoleDefinitions/{role}"
    told = {"roleDefinitionId": definition, "principalId": principal.object_id, "scope": scope}
    return path, code_of(asker.arm("PUT", path, {"properties": told}))


def test_documents_are_judged_by_cosmos_dbs_own_roles(
    double: AzureDouble, asker: Asker, workload: Asker, principal: Principal, account: str
) -> None:
    ask, orders = Documents(workload), "dbs/shop/colls/orders"
    # Azure's own roles count for nothing here, not even one with every data action.
    told = {"roleName": "all", "assignableScopes": [account], "permissions": [{"actions": ["*"], "dataActions": ["*"]}]}
    double.rbac.assign(principal, double.rbac.roles.put(str(uuid4()), told)[0].guid, account)
    assert ask("GET", "dbs/shop") == 403
    assert Documents(asker)("POST", f"{orders}/docs", {"id": "1"}) == 201
    path, _ = assign(asker, account, principal, READER, f"{account}/dbs/shop/colls/orders")
    assert [ask("GET", f"{orders}/docs/1"), ask("GET", f"{orders}/docs"), ask("GET", orders)] == [200, 200, 200]
    assert [ask("GET", "dbs/shop"), ask("DELETE", f"{orders}/docs/1"), ask("PUT", f"{orders}/docs/1", {})] == [403] * 3
    assert Documents(workload, ARM)("GET", f"{orders}/docs/1") == 401
    assert asker.arm("DELETE", path).status_code == 202
    assert ask("GET", f"{orders}/docs/1") == 403
    assign(asker, account, principal, CONTRIBUTOR, f"{account}/dbs/shop")
    assert ask("POST", f"{orders}/docs", {"id": "1"}) == 409
    assert ask("POST", f"{orders}/docs", {"id": "1"}, **{"x-ms-documentdb-is-upsert": "True"}) == 201
    assert [ask("DELETE", f"{orders}/docs/1"), ask("GET", f"{orders}/docs/1")] == [204, 404]


def test_a_role_of_ones_own_in_cosmos_db(
    double: AzureDouble, asker: Asker, workload: Asker, principal: Principal, account: str
) -> None:
    guid, orders = str(uuid4()), "dbs/shop/colls/orders"
    create = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/create"
    told = {"roleName": "adder", "assignableScopes": [account], "permissions": [{"dataActions": [create]}]}
    path = f"{account}/sqlRoleDefinitions/{guid}"
    assert asker.arm("PUT", path, {"properties": told}).status_code == 202
    assigned, code = assign(asker, account, principal, guid, account)
    assert code == (202, "")
    assert [
        Documents(workload)("POST", f"{orders}/docs", {"id": "1"}),
        Documents(workload)("GET", f"{orders}/docs/1"),
    ] == [201, 403]
    assert code_of(asker.arm("DELETE", path)) == (400, "BadRequest")
    twin = f"{account}/sqlRoleDefinitions/{uuid4()}"
    assert code_of(asker.arm("PUT", twin, {"properties": told})) == (409, "Conflict")
    assert len(asker.arm("GET", f"{account}/sqlRoleDefinitions").json()["value"]) == 3
    asker.arm("DELETE", assigned)
    assert asker.arm("DELETE", path).status_code == 202
    assert asker.arm("GET", f"{account}/sqlRoleAssignments").json()["value"] == []


def test_what_cosmos_db_does_not_assign(asker: Asker, principal: Principal, account: str) -> None:
    _, elsewhere = assign(asker, account, principal, READER, account.rpartition("/")[0])
    _, nothing = assign(asker, account, principal, str(uuid4()), account)
    gone = identity(asker.double, "gone-dev")
    asker.double.directory.delete(gone)
    _, nobody = assign(asker, account, gone, READER, account)
    assert (elsewhere, nothing, nobody) == ((400, "BadRequest"), (404, "NotFound"), (400, "BadRequest"))


def registry_token(asker: Asker, scope: str, audience: str = REGISTRY) -> str:
    """A registry's access token, by way of its refresh token; empty when it gives none."""
    base = f"{asker.double.url}/registry/ordersdev/oauth2"
    form = {"grant_type": "access_token", "service": "ordersdev", "access_token": asker.token(audience)}
    first = requests.post(f"{base}/exchange", data=form, timeout=10).json()
    if "refresh_token" not in first:
        return ""
    form = {"grant_type": "refresh_token", "scope": scope, "refresh_token": first["refresh_token"]}
    second: dict[str, str] = requests.post(f"{base}/token", data=form, timeout=10).json()
    return second.get("access_token", "")


def manifest(double: AzureDouble, method: str, token: str, repository: str = "team/orders") -> int:
    url = f"{double.url}/registry/ordersdev/v2/{repository}/manifests/v1"
    return requests.request(
        method, url, headers={"Authorization": f"Bearer {token}"}, data=b"{}", timeout=10
    ).status_code


def test_images_are_pulled_and_pushed_by_different_roles(
    double: AzureDouble, workload: Asker, principal: Principal
) -> None:
    registry = double.resources.make("Microsoft.ContainerRegistry/registries", "ordersdev")
    assert registry_token(workload, "repository:team/orders:pull") == ""
    pull = double.rbac.assign(principal, "AcrPull", registry)
    token = registry_token(workload, "repository:team/orders:pull,push")
    assert [manifest(double, "GET", token), manifest(double, "PUT", token)] == [404, 401]
    double.rbac.assign(principal, "AcrPush", registry)
    pusher = registry_token(workload, "repository:team/orders:pull,push")
    assert [manifest(double, "PUT", pusher), manifest(double, "GET", token), manifest(double, "DELETE", pusher)] == [
        201,
        200,
        401,
    ]
    assert manifest(double, "GET", token, "team/other") == 401
    assert registry_token(workload, "repository:team/orders:pull", STORAGE) == ""
    double.rbac.remove(pull.id)
    # What was issued lives on until it ends.
    assert manifest(double, "GET", token) == 200


def test_a_registry_by_repository_takes_data_actions_only(
    double: AzureDouble, workload: Asker, principal: Principal
) -> None:
    mode = {"roleAssignmentMode": "AbacRepositoryPermissions"}
    registry = double.resources.make("Microsoft.ContainerRegistry/registries", "ordersdev", **mode)
    double.rbac.assign(principal, "AcrPull", registry)
    assert registry_token(workload, "repository:team/orders:pull") == ""
    double.rbac.assign(principal, "Container Registry Repository Reader", registry)
    assert manifest(double, "GET", registry_token(workload, "repository:team/orders:pull")) == 404
