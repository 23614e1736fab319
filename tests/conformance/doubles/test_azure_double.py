"""The double of Azure speaks Microsoft's own clients' language: azure-identity, azure-core, azure-keyvault-secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core import PipelineClient
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

from tools.doubles.azure import AzureDouble
from tools.doubles.tls import write_authority

GRAPH = "https://graph.microsoft.com/.default"


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AzureDouble]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(write_authority(tmp_path)))
    with AzureDouble() as running:
        for name, value in running.ambient().items():
            monkeypatch.setenv(name, value)
        yield running


def credential_of(double: AzureDouble, client: str, secret: str) -> ClientSecretCredential:
    return ClientSecretCredential(
        double.entra.tenant,
        client,
        secret,
        authority=double.url,
        disable_instance_discovery=True,
        retry_total=0,
    )


@pytest.fixture
def ambient(double: AzureDouble) -> DefaultAzureCredential:
    return DefaultAzureCredential(authority=double.url, disable_instance_discovery=True, retry_total=0)


@pytest.fixture
def vault(double: AzureDouble, ambient: DefaultAzureCredential) -> SecretClient:
    return SecretClient(f"{double.url}/vaults/team", ambient, verify_challenge_resource=False, retry_total=0)


@pytest.fixture
def graph(double: AzureDouble, ambient: DefaultAzureCredential) -> Any:
    client: Any = PipelineClient(f"{double.url}/v1.0", policies=[BearerTokenCredentialPolicy(ambient, GRAPH)])

    def ask(method: str, path: str, body: Any = None) -> Any:
        return client.send_request(HttpRequest(method, f"{double.url}/v1.0{path}", json=body))

    return ask


def test_a_client_secret_works_until_it_is_removed(double: AzureDouble, graph: Any) -> None:
    made = graph("POST", "/applications", {"displayName": "orders", "tags": ["nhi:lease=x"]}).json()
    path = f"/applications/{made['id']}"
    secret = graph("POST", f"{path}/addPassword", {"passwordCredential": {"displayName": "one"}}).json()
    assert secret["secretText"].startswith(secret["hint"])
    holder = credential_of(double, made["appId"], secret["secretText"])
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000229"):
        holder.get_token(GRAPH)
    assert graph("POST", "/servicePrincipals", {"appId": made["appId"]}).status_code == 201
    assert holder.get_token(GRAPH).token
    shown = graph("GET", path).json()["passwordCredentials"]
    assert [(each["keyId"], each["secretText"]) for each in shown] == [(secret["keyId"], None)]
    assert graph("POST", f"{path}/removePassword", {"keyId": secret["keyId"]}).status_code == 204
    assert graph("POST", f"{path}/removePassword", {"keyId": secret["keyId"]}).status_code == 400
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential_of(double, made["appId"], secret["secretText"]).get_token(GRAPH)


def test_wrong_expired_and_young_secrets_are_refused(double: AzureDouble) -> None:
    application = double.applications.make("orders")
    expired = double.applications.add(application, None, "2020-01-01T00:00:00Z")["secretText"]
    for secret, number in (("wrong", "7000215"), (expired, "7000222")):
        with pytest.raises(ClientAuthenticationError, match=number):
            credential_of(double, application["appId"], secret).get_token(GRAPH)
    double.entra.lag = timedelta(minutes=1)
    young = double.applications.add(application, None)["secretText"]
    with pytest.raises(ClientAuthenticationError, match="7000215"):
        credential_of(double, application["appId"], young).get_token(GRAPH)
    with pytest.raises(ClientAuthenticationError, match="700016"):
        credential_of(double, "nobody", young).get_token(GRAPH)


def test_applications_are_found_by_tag(double: AzureDouble, graph: Any) -> None:
    ours = double.applications.make("orders", tags=["nhi:lease=x"])
    double.applications.make("payments")
    found = graph("GET", "/applications?$filter=tags/any(t:t eq 'nhi:lease=x')").json()["value"]
    assert [each["id"] for each in found] == [ours["id"]]
    assert graph("PATCH", f"/applications/{ours['id']}", {"tags": []}).status_code == 204
    assert graph("GET", "/applications?$filter=tags/any(t:t eq 'nhi:lease=x')").json()["value"] == []
    assert graph("DELETE", f"/applications/{ours['id']}").status_code == 204
    assert graph("GET", f"/applications/{ours['id']}").json()["error"]["code"] == "Request_ResourceNotFound"


def test_a_token_of_one_audience_is_refused_by_the_other(double: AzureDouble, ambient: DefaultAzureCredential) -> None:
    token = ambient.get_token("https://vault.azure.net/.default").token
    client: Any = PipelineClient(double.url)
    asked = HttpRequest("GET", f"{double.url}/v1.0/applications", headers={"Authorization": f"Bearer {token}"})
    assert client.send_request(asked).status_code == 401


def test_a_secret_has_versions_with_tags_of_their_own(vault: SecretClient) -> None:
    first = vault.set_secret("orders", "one", tags={"nhi:key": "1"})
    second = vault.set_secret("orders", "two", tags={"nhi:key": "2"})
    current = vault.get_secret("orders")
    assert (current.value, current.properties.version, current.properties.tags) == (
        "two",
        second.properties.version,
        {"nhi:key": "2"},
    )
    assert vault.get_secret("orders", first.properties.version).value == "one"
    vault.update_secret_properties("orders", first.properties.version, enabled=False, tags={"a": "b"})
    listed = {each.version: (each.enabled, each.tags) for each in vault.list_properties_of_secret_versions("orders")}
    assert listed == {
        first.properties.version: (False, {"a": "b"}),
        second.properties.version: (True, {"nhi:key": "2"}),
    }
    with pytest.raises(HttpResponseError, match="disabled"):
        vault.get_secret("orders", first.properties.version)
    assert [each.name for each in vault.list_properties_of_secrets()] == ["orders"]


def test_many_versions_come_in_pages(vault: SecretClient) -> None:
    for number in range(27):
        vault.set_secret("orders", str(number))
    assert len(list(vault.list_properties_of_secret_versions("orders"))) == 27


def test_a_deleted_secret_blocks_its_name_until_it_is_purged_or_recovered(vault: SecretClient) -> None:
    vault.set_secret("orders", "one")
    deleted = vault.begin_delete_secret("orders").result()
    assert deleted.scheduled_purge_date > deleted.deleted_date
    with pytest.raises(ResourceNotFoundError):
        vault.get_secret("orders")
    with pytest.raises(ResourceExistsError, match="deleted but recoverable"):
        vault.set_secret("orders", "two")
    vault.begin_recover_deleted_secret("orders").wait()
    assert vault.get_secret("orders").value == "one"
    vault.begin_delete_secret("orders").wait()
    assert [each.name for each in vault.list_deleted_secrets()] == ["orders"]
    vault.purge_deleted_secret("orders")
    assert list(vault.list_deleted_secrets()) == []
    assert vault.set_secret("orders", "three").value == "three"


def test_purge_protection_forbids_to_purge(double: AzureDouble, vault: SecretClient) -> None:
    double.vaults.protected.add("team")
    assert vault.set_secret("orders", "one").properties.recovery_level == "Recoverable"
    vault.begin_delete_secret("orders").wait()
    with pytest.raises(HttpResponseError, match="purge protection"):
        vault.purge_deleted_secret("orders")


def test_deletion_takes_its_time(double: AzureDouble, vault: SecretClient) -> None:
    double.vaults.slowness = 2
    vault.set_secret("orders", "one")
    vault.begin_delete_secret("orders", _polling_interval=0)
    with pytest.raises(ResourceExistsError, match="being deleted"):
        vault.set_secret("orders", "two")
    with pytest.raises(ResourceNotFoundError):
        vault.get_deleted_secret("orders")
    assert vault.get_deleted_secret("orders").name == "orders"
    vault.purge_deleted_secret("orders")
    for _ in range(2):
        with pytest.raises(ResourceExistsError):
            vault.set_secret("orders", "two")
    assert vault.set_secret("orders", "two").value == "two"


@pytest.mark.parametrize(
    ("value", "tags"), [("x" * 25_601, {}), ("x", {f"t{number}": "v" for number in range(16)}), ("x", {"t": "v" * 257})]
)
def test_what_is_too_large_is_refused(vault: SecretClient, value: str, tags: dict[str, str]) -> None:
    with pytest.raises(HttpResponseError, match="BadParameter"):
        vault.set_secret("orders", value, tags=tags)


def test_a_missing_permission_is_named_by_the_vault(double: AzureDouble, vault: SecretClient) -> None:
    (operator,) = (each for each in double.applications.by_id.values() if each["displayName"] == "operator")
    double.deny(operator["appId"], "set")
    with pytest.raises(HttpResponseError, match="secrets set permission"):
        vault.set_secret("orders", "one")


def test_faults_pass_and_the_data_outlives_a_stop(double: AzureDouble, vault: SecretClient) -> None:
    vault.set_secret("orders", "one")
    double.fail(429, retry_after=7, times=1, target="/vaults/")
    with pytest.raises(HttpResponseError) as caught:
        vault.get_secret("orders")
    assert (caught.value.status_code, caught.value.response.headers["Retry-After"]) == (429, "7")
    double.stop()
    with pytest.raises(ServiceRequestError):
        vault.get_secret("orders")
    double.start()
    assert vault.get_secret("orders").value == "one"
