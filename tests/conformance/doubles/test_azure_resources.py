"""Resources of the double's Azure Resource Manager, vaults among them.

No management client but those of authorization and identities is installed: requests in the documented shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

from tests.conformance.doubles.azure_asking import ARM, Asker, code_of, identity, operator
from tools.doubles.azure import AzureDouble
from tools.doubles.azure.shapes import SHAPES
from tools.doubles.tls import write_authority

VAULT = "https://vault.azure.net"
BODIES: dict[str, dict[str, Any]] = {
    "Microsoft.Storage/storageAccounts": {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}},
    "Microsoft.DocumentDB/databaseAccounts": {
        "properties": {"databaseAccountOfferType": "Standard", "locations": [{"locationName": "westeurope"}]}
    },
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases": {"properties": {"resource": {"id": "orders"}}},
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers": {"properties": {"resource": {"id": "orders"}}},
    "Microsoft.Sql/servers/administrators": {
        "properties": {"administratorType": "ActiveDirectory", "login": "orders", "sid": "x"}
    },
    "Microsoft.ContainerRegistry/registries": {"sku": {"name": "Basic"}},
}
NAMES = {"blobServices": "default", "administrators": "ActiveDirectory"}


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AzureDouble]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(write_authority(tmp_path)))
    with AzureDouble() as running:
        yield running


@pytest.fixture
def asker(double: AzureDouble) -> Asker:
    return operator(double)


@pytest.fixture
def group(double: AzureDouble) -> str:
    return f"/subscriptions/{double.subscription}/resourceGroups/nhi-tests"


def id_of(group: str, type_: str, name: str = "ordersdev") -> str:
    namespace, *types = type_.split("/")
    return "/".join((group, "providers", namespace, *(f"{each}/{NAMES.get(each, name)}" for each in types)))


def vault_body(double: AzureDouble, **properties: Any) -> dict[str, Any]:
    told = {
        "tenantId": double.entra.tenant,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    return {"location": "westeurope", "properties": {**told, **properties}}


def vault_path(group: str, name: str = "team-orders") -> str:
    return id_of(group, "Microsoft.KeyVault/vaults", name)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.type)
def test_every_type_is_made_found_and_deleted(asker: Asker, group: str, shape: Any) -> None:
    double, path, body = (
        asker.double,
        id_of(group, shape.type),
        {"location": "westeurope", **BODIES.get(shape.type, {})},
    )
    if shape.depth > 1 and not path.endswith("/blobServices/default"):
        assert code_of(asker.arm("PUT", path, body)) == (404, "ParentResourceNotFound")
    outer = shape.type.rpartition("/")[0]
    if shape.depth > 1:
        names = [NAMES.get(each, "ordersdev") for each in outer.split("/")[1:]]
        double.resources.make(outer, *names)
    assert code_of(asker.arm("GET", path))[0] == (200 if shape.type.endswith("blobServices") else 404)
    assert asker.arm("PUT", path, body).status_code in (200, 201, 202)
    found = asker.arm("GET", path).json()
    assert (found["id"], found["type"], found["properties"]["provisioningState"]) == (path, shape.type, "Succeeded")
    listed = asker.arm("GET", path.rpartition("/")[0]).json()["value"]
    assert [each["id"] for each in listed] == [path]
    assert asker.arm("DELETE", path).status_code in (200, 202)
    assert double.resources.find(path) is None
    assert asker.arm("DELETE", path).status_code == 204


@pytest.mark.parametrize("type_", ["Microsoft.Sql/servers", "Microsoft.ServiceBus/namespaces"])
def test_what_takes_long_is_asked_about(asker: Asker, group: str, type_: str) -> None:
    double, path = asker.double, id_of(group, type_)
    double.operations.slowness = 2
    begun = asker.arm("PUT", path, {"location": "westeurope"})
    assert asker.arm("GET", path).json()["properties"]["provisioningState"] == "Creating"
    assert code_of(asker.arm("PUT", path, {"location": "westeurope"})) == (409, "AnotherOperationInProgress")
    assert code_of(asker.arm("DELETE", path)) == (409, "AnotherOperationInProgress")
    status = begun.headers["Azure-AsyncOperation"].removeprefix(double.url)
    states = [asker.send("GET", status, ARM).json()["status"] for _ in range(3)]
    assert states == ["InProgress", "InProgress", "Succeeded"]
    result = asker.send("GET", begun.headers["Location"].removeprefix(double.url), ARM)
    assert (result.status_code, result.json()["id"]) == (200, path)
    begun = asker.arm("DELETE", path)
    assert begun.status_code == 202
    assert asker.arm("GET", path).json()["properties"]["provisioningState"] == "Deleting"
    location = begun.headers["Location"].removeprefix(double.url)
    assert [asker.send("GET", location, ARM).status_code for _ in range(3)] == [202, 202, 204]
    assert asker.arm("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("type_", "code"),
    [
        ("Microsoft.Storage/storageAccounts", "StorageAccountAlreadyTaken"),
        ("Microsoft.ServiceBus/namespaces", "NamespaceUnavailable"),
        ("Microsoft.ContainerRegistry/registries", "AlreadyInUse"),
        ("Microsoft.Sql/servers", "NameAlreadyExists"),
    ],
)
def test_some_names_are_taken_everywhere(asker: Asker, group: str, type_: str, code: str) -> None:
    asker.double.subscriptions.make_group(asker.double.subscription, "theirs")
    asker.double.resources.make(type_, "ordersdev", group="theirs")
    body = {"location": "westeurope", **BODIES.get(type_, {})}
    assert code_of(asker.arm("PUT", id_of(group, type_), body)) == (409, code)


def test_what_a_body_lacks_is_told(asker: Asker, group: str) -> None:
    path = id_of(group, "Microsoft.Storage/storageAccounts")
    assert code_of(asker.arm("PUT", path, {"kind": "StorageV2"})) == (400, "LocationRequired")
    lacking = asker.arm("PUT", path, {"location": "westeurope", "kind": "StorageV2"})
    assert code_of(lacking) == (400, "InvalidRequestContent")
    assert "sku.name" in lacking.json()["error"]["message"]
    wrong = id_of(group, "Microsoft.Storage/storageAccounts", "Orders-Dev")
    assert code_of(asker.arm("PUT", wrong, {"location": "westeurope"})) == (400, "InvalidResourceName")


def test_what_is_assigned_at_a_resource_goes_with_it(asker: Asker, group: str) -> None:
    double, principal = asker.double, identity(asker.double, "orders-dev")
    queue = double.resources.make("Microsoft.ServiceBus/namespaces/queues", "orders-dev", "in")
    kept = double.rbac.assign(principal, "Reader", group)
    double.rbac.assign(principal, "Azure Service Bus Data Sender", queue)
    asker.arm("DELETE", queue.rpartition("/queues/")[0])
    assert double.rbac.of_principal(principal.object_id) == [kept]
    missing = f"{queue}/providers/Microsoft.Authorization/roleAssignments/0b1f6e5a-3c1d-4b8e-9f57-5a0f5a6b7c09"
    role = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    body = {"properties": {"roleDefinitionId": role, "principalId": principal.object_id}}
    assert code_of(asker.arm("PUT", missing, body)) == (404, "ResourceNotFound")


def test_resources_are_found_by_their_tag_by_whoever_may_read_them(asker: Asker, group: str) -> None:
    double, ours = asker.double, {"nhi:lease": "lease-1"}
    made = double.identities.make("orders-dev", **ours)
    double.identities.make("other-dev", **{"nhi:lease": "lease-2"})
    asker.arm("PUT", vault_path(group), vault_body(double) | {"tags": ours})
    subscription = f"/subscriptions/{double.subscription}"

    def found(who: Asker, wanted: str, scope: str = subscription) -> list[str]:
        path = f"{scope}/resources?api-version=2021-04-01&$filter={wanted}"
        return sorted(each["id"] for each in who.send("GET", path, ARM).json()["value"])

    tagged = "tagName eq 'nhi:lease' and tagValue eq 'lease-1'"
    assert found(asker, tagged) == sorted([made["id"], vault_path(group)])
    assert found(asker, tagged, group) == sorted([made["id"], vault_path(group)])
    assert len(found(asker, "tagName eq 'nhi:lease'")) == 3
    assert found(asker, f"{tagged} and resourceType eq 'Microsoft.KeyVault/vaults'") == [vault_path(group)]
    principal = double.identities.principal_of(made["id"])
    assert found(Asker(double, principal.client_id), tagged) == []
    double.rbac.assign(principal, "Reader", vault_path(group))
    assert found(Asker(double, principal.client_id), tagged) == [vault_path(group)]
    wrong = asker.send("GET", f"{subscription}/resources?api-version=2021-04-01&$filter=tags ne 'x'", ARM)
    assert code_of(wrong) == (400, "InvalidFilterInQueryString")


def test_a_vault_is_judged_by_roles_secret_by_secret(asker: Asker, group: str) -> None:
    double, principal = asker.double, identity(asker.double, "orders-dev")
    vault = vault_path(group)
    assert asker.arm("PUT", vault, vault_body(double)).status_code == 201
    for name in ("orders", "payments"):
        asker.send("PUT", f"/vaults/team-orders/secrets/{name}", VAULT, {"value": name})
    workload = Asker(double, principal.client_id)
    double.rbac.assign(principal, "Key Vault Secrets User", f"{vault}/secrets/orders")
    assert workload.send("GET", "/vaults/team-orders/secrets/orders", VAULT).json()["value"] == "orders"
    refused = workload.send("GET", "/vaults/team-orders/secrets/payments", VAULT)
    assert code_of(refused) == (403, "Forbidden")
    told = refused.json()["error"]
    assert told["innererror"]["code"] == "ForbiddenByRbac"
    assert "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'" in told["message"]
    assert f"Resource: '{vault.lower()}/secrets/payments'" in told["message"]
    assert workload.send("GET", "/vaults/team-orders/secrets/orders/versions", VAULT).status_code == 200
    for method, path in (("PUT", "secrets/orders"), ("DELETE", "secrets/orders"), ("GET", "secrets")):
        asked = workload.send(method, f"/vaults/team-orders/{path}", VAULT, {"value": "two"})
        assert code_of(asked) == (403, "Forbidden"), (method, path)
    assert workload.send("GET", "/vaults/team-orders/secrets/orders", ARM).status_code == 401


def test_a_vault_of_access_policies_is_judged_by_them(asker: Asker, group: str) -> None:
    double, principal = asker.double, identity(asker.double, "orders-dev")
    policy = {"tenantId": double.entra.tenant, "objectId": principal.object_id, "permissions": {"secrets": ["Get"]}}
    without = vault_body(double, enableRbacAuthorization=False)
    assert code_of(asker.arm("PUT", vault_path(group), without)) == (400, "BadRequest")
    body = vault_body(double, enableRbacAuthorization=False, accessPolicies=[policy])
    asker.arm("PUT", vault_path(group), body)
    asker.send("PUT", "/vaults/team-orders/secrets/orders", VAULT, {"value": "one"})
    workload = Asker(double, principal.client_id)
    assert workload.send("GET", "/vaults/team-orders/secrets/orders", VAULT).status_code == 200
    double.rbac.assign(principal, "Key Vault Secrets Officer", group)
    refused = workload.send("PUT", "/vaults/team-orders/secrets/orders", VAULT, {"value": "two"})
    assert refused.json()["error"]["innererror"]["code"] == "AccessDenied"


def test_a_secret_that_has_ended_is_still_read(asker: Asker) -> None:
    body = {"value": "one", "attributes": {"exp": 1, "nbf": 0}, "contentType": "text/plain"}
    asker.send("PUT", "/vaults/team/secrets/orders", VAULT, body)
    found = asker.send("GET", "/vaults/team/secrets/orders", VAULT).json()
    assert (found["value"], found["attributes"]["exp"], found["contentType"]) == ("one", 1, "text/plain")


def test_purge_protection_is_for_good(asker: Asker, group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    double, vault = asker.double, vault_path(group)
    asker.arm("PUT", vault, vault_body(double, enablePurgeProtection=True, softDeleteRetentionInDays=7))
    for changed in ({"enablePurgeProtection": False}, {"softDeleteRetentionInDays": 8}, {"enableSoftDelete": False}):
        assert code_of(asker.arm("PUT", vault, vault_body(double, **changed))) == (400, "BadRequest"), changed
    kept = asker.arm("PUT", vault, vault_body(double)).json()["properties"]
    assert (kept["enablePurgeProtection"], kept["softDeleteRetentionInDays"]) == (True, 7)
    for name, value in double.ambient("second").items():
        monkeypatch.setenv(name, value)
    credential = DefaultAzureCredential(authority=double.url, disable_instance_discovery=True)
    client = SecretClient(
        f"{double.url}/vaults/team-orders", credential, verify_challenge_resource=False, retry_total=0
    )
    client.set_secret("orders", "one")
    deleted = client.begin_delete_secret("orders").result()
    assert deleted.scheduled_purge_date - deleted.deleted_date == timedelta(days=7)
    with pytest.raises(HttpResponseError, match="purge protection"):
        client.purge_deleted_secret("orders")
    double.ahead = timedelta(days=7, seconds=2)
    assert list(client.list_deleted_secrets()) == []
    assert client.set_secret("orders", "two").value == "two"


def test_a_deleted_vault_keeps_its_name_until_it_is_purged_or_recovered(asker: Asker, group: str) -> None:
    double, vault, body = asker.double, vault_path(group), vault_body(asker.double)
    asker.arm("PUT", vault, body)
    asker.send("PUT", "/vaults/team-orders/secrets/orders", VAULT, {"value": "one"})
    assert asker.arm("DELETE", vault).status_code == 200
    assert asker.send("GET", "/vaults/team-orders/secrets/orders", VAULT).status_code == 404
    assert code_of(asker.arm("PUT", vault, body)) == (409, "ConflictError")
    provider = f"/subscriptions/{double.subscription}/providers/Microsoft.KeyVault"
    (listed,) = asker.arm("GET", f"{provider}/deletedVaults").json()["value"]
    assert (listed["name"], listed["properties"]["vaultId"]) == ("team-orders", vault)
    asker.arm("PUT", vault, vault_body(double, createMode="recover"))
    assert asker.send("GET", "/vaults/team-orders/secrets/orders", VAULT).json()["value"] == "one"
    asker.arm("DELETE", vault)
    gone = f"{provider}/locations/westeurope/deletedVaults/team-orders"
    assert asker.arm("GET", gone).status_code == 200
    assert asker.arm("POST", f"{gone}/purge").status_code == 202
    assert code_of(asker.arm("GET", gone)) == (404, "DeletedVaultNotFound")
    assert asker.arm("PUT", vault, body).status_code == 201
    assert asker.send("GET", "/vaults/team-orders/secrets", VAULT).json()["value"] == []


def test_a_deleted_vault_with_purge_protection_stays_for_its_time(asker: Asker, group: str) -> None:
    double, vault = asker.double, vault_path(group)
    asker.arm("PUT", vault, vault_body(double, enablePurgeProtection=True, softDeleteRetentionInDays=10))
    asker.arm("DELETE", vault)
    where = f"/subscriptions/{double.subscription}/providers/Microsoft.KeyVault/locations/westeurope"
    gone = f"{where}/deletedVaults/team-orders"
    assert code_of(asker.arm("POST", f"{gone}/purge")) == (400, "MethodNotAllowed")
    double.ahead = timedelta(days=10)
    assert asker.arm("GET", gone).status_code == 404
