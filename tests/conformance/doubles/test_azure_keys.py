"""Keys of the double of Azure's vaults: they seal and sign for real, by roles or access policies, and go softly."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from tests.conformance.doubles.azure_asking import Asker, code_of, identity, operator
from tools.doubles.azure import AzureDouble
from tools.doubles.azure.directory import TENANT, Principal
from tools.doubles.azure.subscriptions import GROUP, LOCATION, SUBSCRIPTION
from tools.doubles.tls import write_authority

VAULT = "https://vault.azure.net"
KEY = "/vaults/shop/keys/orders"
SHOP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.KeyVault/vaults/shop"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch, authority: Path) -> Iterator[AzureDouble]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    with AzureDouble() as running:
        yield running


@pytest.fixture
def asker(double: AzureDouble) -> Asker:
    asker = operator(double)
    make_vault(asker, enableRbacAuthorization=True)
    assert ask(asker, "POST", f"{KEY}/create", {"kty": "RSA"})[0] == 200
    return asker


@pytest.fixture
def principal(double: AzureDouble) -> Principal:
    return identity(double, "orders-dev")


def make_vault(asker: Asker, **properties: Any) -> None:
    told = {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, **properties}
    assert asker.arm("PUT", SHOP, {"location": LOCATION, "properties": told}).ok


def ask(asker: Asker, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    answer = asker.send(method, f"{path}?api-version=7.4", VAULT, body)
    return answer.status_code, answer.json() if answer.content else {}


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")


def test_what_is_signed_and_sealed_is_so_for_anybody_who_has_the_public_part(asker: Asker) -> None:
    told = ask(asker, "GET", KEY)[1]["key"]
    assert not {"d", "p", "q"} & told.keys()
    public = rsa.RSAPublicNumbers(number(told["e"]), number(told["n"])).public_key()
    digest = hashlib.sha256(b"order 4711").digest()
    signature = ask(asker, "POST", f"{KEY}//sign", {"alg": "RS256", "value": encoded(digest)})[1]["value"]
    content = base64.urlsafe_b64decode(signature + "==")
    public.verify(content, digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
    asked = {"alg": "RS256", "digest": encoded(digest), "value": signature}
    assert ask(asker, "POST", f"{KEY}//verify", asked) == (200, {"value": True})
    other = encoded(hashlib.sha256(b"order 4712").digest())
    assert ask(asker, "POST", f"{KEY}//verify", {**asked, "digest": other}) == (200, {"value": False})
    scheme = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    for unseal in ("decrypt", "unwrapkey"):
        sealed = {"alg": "RSA-OAEP-256", "value": encoded(public.encrypt(b"x", scheme))}
        assert ask(asker, "POST", f"{KEY}//{unseal}", sealed)[1]["value"] == encoded(b"x")
    assert ask(asker, "POST", f"{KEY}//decrypt", {"alg": "RSA-OAEP-256", "value": encoded(b"y" * 256)})[0] == 400


def test_a_version_that_is_disabled_or_rotated_away_is_known_by_its_id(asker: Asker) -> None:
    first = ask(asker, "GET", KEY)[1]["key"]["kid"].rpartition("/")[2]
    ask(asker, "POST", f"{KEY}/rotate", {})
    assert len(ask(asker, "GET", f"{KEY}/versions")[1]["value"]) == 2
    assert ask(asker, "GET", KEY)[1]["key"]["kid"].rpartition("/")[2] != first
    ask(asker, "PATCH", f"{KEY}/{first}", {"attributes": {"enabled": False}})
    digest = {"alg": "RS256", "value": encoded(b"x" * 32)}
    assert ask(asker, "POST", f"{KEY}/{first}/sign", digest)[0] == 403
    assert ask(asker, "POST", f"{KEY}//sign", digest)[0] == 200


def test_a_role_at_one_key_permits_its_operations_on_that_key_alone(
    double: AzureDouble, asker: Asker, principal: Principal
) -> None:
    ask(asker, "POST", "/vaults/shop/keys/invoices/create", {"kty": "RSA"})
    workload, digest = Asker(double, principal.client_id), {"alg": "RS256", "value": encoded(b"x" * 32)}
    status, told = ask(workload, "POST", f"{KEY}//sign", digest)
    assert (status, told["error"]["innererror"]["code"]) == (403, "ForbiddenByRbac")
    assert "Action: 'Microsoft.KeyVault/vaults/keys/sign/action'" in told["error"]["message"]
    double.rbac.assign(principal, "Key Vault Crypto User", f"{SHOP}/keys/orders")
    assert ask(workload, "POST", f"{KEY}//sign", digest)[0] == 200
    assert ask(workload, "POST", "/vaults/shop/keys/invoices//sign", digest)[0] == 403
    assert [ask(workload, method, KEY)[0] for method in ("GET", "DELETE")] == [200, 403]
    assert ask(workload, "POST", f"{KEY}/create", {"kty": "RSA"})[0] == 403
    assert ask(workload, "GET", "/vaults/shop/keys")[0] == 403


def test_a_vault_with_access_policies_heeds_those_alone(
    double: AzureDouble, asker: Asker, principal: Principal
) -> None:
    policy = {"objectId": principal.object_id, "tenantId": TENANT, "permissions": {"keys": ["sign", "wrapKey"]}}
    make_vault(asker, accessPolicies=[policy])
    double.rbac.assign(principal, "Key Vault Crypto User", SHOP)
    workload, sealing = Asker(double, principal.client_id), {"alg": "RSA-OAEP-256", "value": encoded(b"x")}
    assert ask(workload, "POST", f"{KEY}//wrapkey", sealing)[0] == 200
    assert ask(workload, "POST", f"{KEY}//encrypt", sealing)[0] == 403
    assert ask(workload, "GET", "/vaults/shop/secrets/orders")[0] == 403


@pytest.mark.parametrize("protected", [False, True])
def test_a_key_is_deleted_softly_and_can_be_recovered_until_it_is_purged(
    double: AzureDouble, asker: Asker, *, protected: bool
) -> None:
    if protected:
        make_vault(asker, enableRbacAuthorization=True, enablePurgeProtection=True, softDeleteRetentionInDays=90)
    status, told = ask(asker, "DELETE", KEY)
    assert (status, told["scheduledPurgeDate"] - told["deletedDate"]) == (200, 90 * 86_400)
    assert [ask(asker, "GET", KEY)[0], ask(asker, "POST", f"{KEY}/create", {"kty": "RSA"})[0]] == [404, 409]
    assert ask(asker, "POST", "/vaults/shop/deletedkeys/orders/recover")[0] == 200
    ask(asker, "DELETE", KEY)
    assert ask(asker, "DELETE", "/vaults/shop/deletedkeys/orders")[0] == (403 if protected else 204)
    double.ahead += timedelta(days=91)
    assert ask(asker, "GET", "/vaults/shop/deletedkeys/orders")[0] == 404
    assert ask(asker, "POST", f"{KEY}/create", {"kty": "RSA"})[0] == 200


def test_a_vault_that_is_gone_has_no_keys(asker: Asker) -> None:
    assert asker.arm("DELETE", SHOP).ok
    assert ask(asker, "GET", KEY)[0] == 404


def test_regions_policies_and_subscriptions_of_other_tenants(double: AzureDouble, asker: Asker) -> None:
    made = f"{SHOP.rpartition('/providers/')[0]}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders"

    def put(location: str) -> tuple[int, str]:
        return code_of(asker.arm("PUT", made, {"location": location}))

    provider = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ManagedIdentity"
    told = asker.arm("GET", provider, version="2021-04-01").json()
    regions = {each["resourceType"]: each["locations"] for each in told["resourceTypes"]}
    assert "West Europe" in regions["userAssignedIdentities"]
    assert put("mars") == (400, "LocationNotAvailableForResourceType")
    double.subscriptions.allowed_regions = {"swedencentral"}
    assert put("West Europe") == (403, "RequestDisallowedByPolicy")
    assert put("Sweden Central") == (201, "")
    double.subscriptions.elsewhere.add(SUBSCRIPTION)
    assert put("swedencentral") == (401, "InvalidAuthenticationTokenTenant")
