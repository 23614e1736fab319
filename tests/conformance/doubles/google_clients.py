"""The double of Google Cloud speaks Google's own clients' language: google-auth and google-cloud-secret-manager."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.auth import impersonated_credentials
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud import secretmanager_v1 as sm
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceRestTransport
from google.oauth2 import service_account
from google.protobuf.field_mask_pb2 import FieldMask

from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp.crc32c import crc32c

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
PARENT = "projects/nhi-tests"
OPERATOR = "operator@nhi-tests.iam.gserviceaccount.com"


@pytest.fixture
def double() -> Iterator[GcpDouble]:
    with GcpDouble() as running:
        yield running


@pytest.fixture
def credentials(double: GcpDouble, tmp_path: Path) -> Any:
    return service_account.Credentials.from_service_account_file(double.ambient(tmp_path), scopes=SCOPES)


@pytest.fixture
def session(credentials: Any) -> AuthorizedSession:
    return AuthorizedSession(credentials)


@pytest.fixture
def client(double: GcpDouble, credentials: Any) -> sm.SecretManagerServiceClient:
    transport = SecretManagerServiceRestTransport(host=double.url, credentials=credentials)
    return sm.SecretManagerServiceClient(transport=transport)


@pytest.fixture
def secret(client: sm.SecretManagerServiceClient) -> sm.Secret:
    asked = sm.Secret(replication={"automatic": {}}, labels={"team": "orders"}, annotations={"nhi.note": "one"})
    return client.create_secret(parent=PARENT, secret_id="orders", secret=asked)


def test_a_key_gets_a_token_until_it_is_disabled_or_deleted(double: GcpDouble, session: AuthorizedSession) -> None:
    double.accounts.make("nhi-tests", "orders-dev")
    keys = f"{double.url}/v1/projects/-/serviceAccounts/orders-dev@nhi-tests.iam.gserviceaccount.com/keys"
    made = session.post(keys, json={}).json()
    file = json.loads(base64.b64decode(made["privateKeyData"]))
    holder = service_account.Credentials.from_service_account_info(file, scopes=SCOPES)
    holder.refresh(Request())
    assert holder.token
    name = f"{double.url}/v1/{made['name']}"
    assert session.post(f"{name}:disable", json={}).status_code == 200
    assert session.get(name).json()["disabled"] is True
    with pytest.raises(RefreshError, match="Invalid JWT Signature"):
        holder.refresh(Request())
    session.post(f"{name}:enable", json={})
    holder.refresh(Request())
    assert session.delete(name).status_code == 200
    assert session.get(name).json()["error"]["status"] == "NOT_FOUND"
    with pytest.raises(RefreshError, match="Invalid JWT Signature"):
        holder.refresh(Request())


def test_a_signature_by_another_key_is_refused(double: GcpDouble) -> None:
    double.accounts.make("nhi-tests", "orders-dev")
    email = "orders-dev@nhi-tests.iam.gserviceaccount.com"
    (_, mine), (_, other) = double.keys.make(email), double.keys.make(email)
    forged = {**mine, "private_key": other["private_key"]}
    with pytest.raises(RefreshError, match="Invalid JWT Signature"):
        service_account.Credentials.from_service_account_info(forged, scopes=SCOPES).refresh(Request())


def test_a_disabled_account_gets_no_token_and_its_tokens_are_refused(
    double: GcpDouble, session: AuthorizedSession, credentials: Any
) -> None:
    url = f"{double.url}/v1/projects/-/serviceAccounts/{OPERATOR}"
    assert session.get(url).json()["email"] == OPERATOR
    assert session.post(f"{url}:disable", json={}).status_code == 200
    with pytest.raises(RefreshError, match="disabled"):
        credentials.refresh(Request())
    plain = requests.get(url, headers={"Authorization": f"Bearer {credentials.token}"}, timeout=5)
    assert (plain.status_code, plain.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_ten_keys_are_the_most_and_google_s_own_is_not_counted(double: GcpDouble, session: AuthorizedSession) -> None:
    double.accounts.make("nhi-tests", "orders-dev")
    keys = f"{double.url}/v1/projects/-/serviceAccounts/orders-dev@nhi-tests.iam.gserviceaccount.com/keys"
    for _ in range(10):
        assert session.post(keys, json={}).status_code == 200
    answer = session.post(keys, json={})
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert len(session.get(keys, params={"keyTypes": "USER_MANAGED"}).json()["keys"]) == 10
    assert len(session.get(keys).json()["keys"]) == 11


def test_impersonation_gives_another_account_s_token(double: GcpDouble, credentials: Any) -> None:
    target = double.accounts.make("nhi-tests", "deployer")["email"]
    endpoint = f"{double.url}/v1/projects/-/serviceAccounts/{target}:generateAccessToken"
    acting = impersonated_credentials.Credentials(credentials, target, SCOPES, iam_endpoint_override=endpoint)
    acting.refresh(Request())
    assert double.tokens.holder_of(acting.token) == target


def test_a_secret_lives_and_dies(client: sm.SecretManagerServiceClient, secret: sm.Secret) -> None:
    assert secret.name.startswith("projects/1")
    data = b"s3cret"
    version = client.add_secret_version(parent=secret.name, payload={"data": data, "data_crc32c": crc32c(data)})
    assert version.name.endswith("/versions/1")
    opened = client.access_secret_version(name=f"{PARENT}/secrets/orders/versions/latest")
    assert (opened.payload.data, opened.payload.data_crc32c) == (data, crc32c(data))
    client.disable_secret_version(name=version.name)
    with pytest.raises(exceptions.BadRequest, match="DISABLED"):
        client.access_secret_version(name=version.name)
    client.enable_secret_version(name=version.name)
    destroyed = client.destroy_secret_version(name=version.name)
    assert destroyed.state == sm.SecretVersion.State.DESTROYED
    with pytest.raises(exceptions.BadRequest, match="already DESTROYED"):
        client.destroy_secret_version(name=version.name)
    assert [each.state.name for each in client.list_secret_versions(parent=secret.name)] == ["DESTROYED"]
    client.delete_secret(name=secret.name)
    with pytest.raises(exceptions.NotFound):
        client.get_secret(name=secret.name)


def test_a_wrong_checksum_is_refused(client: sm.SecretManagerServiceClient, secret: sm.Secret) -> None:
    with pytest.raises(exceptions.BadRequest, match="checksum"):
        client.add_secret_version(parent=secret.name, payload={"data": b"x", "data_crc32c": 1})


def test_etags_are_compared_where_they_are_given(client: sm.SecretManagerServiceClient, secret: sm.Secret) -> None:
    mask = FieldMask(paths=["annotations"])
    changed = sm.Secret(name=secret.name, annotations={"nhi.note": "two"}, etag=secret.etag)
    second = client.update_secret(secret=changed, update_mask=mask)
    assert (dict(second.annotations), dict(second.labels)) == ({"nhi.note": "two"}, {"team": "orders"})
    with pytest.raises(exceptions.BadRequest, match="etag"):
        client.update_secret(secret=changed, update_mask=mask)
    with pytest.raises(exceptions.BadRequest, match="etag"):
        client.delete_secret(request={"name": secret.name, "etag": secret.etag})
    client.delete_secret(request={"name": secret.name, "etag": second.etag})


def test_secrets_are_listed_by_label_page_by_page(client: sm.SecretManagerServiceClient) -> None:
    for number in range(5):
        labels = {"nhi_lease": "a" if number else "b"}
        asked = sm.Secret(replication={"automatic": {}}, labels=labels)
        client.create_secret(parent=PARENT, secret_id=f"s{number}", secret=asked)
    found = client.list_secrets(request={"parent": PARENT, "filter": "labels.nhi_lease=a", "page_size": 2})
    assert [each.name.rpartition("/")[2] for each in found] == ["s1", "s2", "s3", "s4"]


@pytest.mark.parametrize(
    ("labels", "annotations"),
    [({"nhi:lease": "x"}, {}), ({"Upper": "x"}, {}), ({}, {"nhi:lease": "x"}), ({}, {"long": "x" * 17_000})],
)
def test_what_labels_and_annotations_may_not_hold_is_refused(
    client: sm.SecretManagerServiceClient, labels: dict[str, str], annotations: dict[str, str]
) -> None:
    asked = sm.Secret(replication={"automatic": {}}, labels=labels, annotations=annotations)
    with pytest.raises(exceptions.BadRequest):
        client.create_secret(parent=PARENT, secret_id="orders", secret=asked)


def test_a_missing_permission_is_named(
    double: GcpDouble, client: sm.SecretManagerServiceClient, secret: sm.Secret
) -> None:
    double.deny(OPERATOR, "secretmanager.versions.add")
    with pytest.raises(exceptions.Forbidden, match=r"secretmanager\.versions\.add"):
        client.add_secret_version(parent=secret.name, payload={"data": b"x"})
    double.allow(OPERATOR, "secretmanager.versions.add")
    assert client.add_secret_version(parent=secret.name, payload={"data": b"x"}).name


def test_faults_pass_and_the_data_outlives_a_stop(
    double: GcpDouble, client: sm.SecretManagerServiceClient, secret: sm.Secret
) -> None:
    double.fail(429, retry_after=7, times=1)
    with pytest.raises(exceptions.TooManyRequests):
        client.get_secret(name=secret.name)
    double.stop()
    with pytest.raises(requests.exceptions.ConnectionError):
        client.get_secret(name=secret.name)
    double.start()
    assert client.get_secret(name=secret.name) == secret
    assert double.asked("GET", "/secrets/orders")[0].status == 429


def test_a_key_cannot_be_made_where_the_organisation_forbids_it(double: GcpDouble, session: AuthorizedSession) -> None:
    double.keys.forbidden_by_policy = True
    answer = session.post(f"{double.url}/v1/projects/-/serviceAccounts/{OPERATOR}/keys", json={})
    assert answer.json()["error"]["details"][0]["metadata"]["policy"].endswith("disableServiceAccountKeyCreation")


def test_an_account_s_public_key_is_shown_as_a_certificate(double: GcpDouble, session: AuthorizedSession) -> None:
    (key,) = double.keys.listed(OPERATOR)
    url = f"{double.url}/v1/projects/-/serviceAccounts/{OPERATOR}/keys/{key}"
    shown = session.get(url, params={"publicKeyType": "TYPE_X509_PEM_FILE"}).json()
    assert base64.b64decode(shown["publicKeyData"]).startswith(b"-----BEGIN CERTIFICATE-----")


def test_the_client_options_reach_it_too(double: GcpDouble, credentials: Any) -> None:
    options = ClientOptions(api_endpoint=double.url)
    client = sm.SecretManagerServiceClient(transport="rest", client_options=options, credentials=credentials)
    assert list(client.list_secrets(parent=PARENT)) == []
