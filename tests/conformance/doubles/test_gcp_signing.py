"""The double of Google Cloud signs for an account what google-auth verifies, and only what it may."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from google.auth import crypt, jwt

from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp.double import PROJECT

EMAIL = f"orders-dev@{PROJECT}.iam.gserviceaccount.com"
AUDIENCE = "https://orders.example.com"


class Client:
    """An operator's calls about one account."""

    def __init__(self, double: GcpDouble) -> None:
        self.double = double
        double.accounts.make(PROJECT, "orders-dev")
        self._headers = {"Authorization": f"Bearer {double.grant('operators-token', 'operator@example.com')}"}

    def asks(self, verb: str, body: dict[str, Any]) -> requests.Response:
        url = f"{self.double.url}/v1/projects/-/serviceAccounts/{EMAIL}:{verb}"
        return requests.post(url, json=body, headers=self._headers, timeout=30)

    def certificates(self) -> dict[str, str]:
        """Of all keys of the account, by their ids, as the API shows them."""
        keys = f"{self.double.url}/v1/projects/{PROJECT}/serviceAccounts/{EMAIL}/keys"
        names = [key["name"] for key in requests.get(keys, headers=self._headers, timeout=30).json()["keys"]]
        query = {"publicKeyType": "TYPE_X509_PEM_FILE"}
        shown = {
            name: requests.get(f"{self.double.url}/v1/{name}", query, headers=self._headers, timeout=30).json()
            for name in names
        }
        return {name.rpartition("/")[2]: base64.b64decode(key["publicKeyData"]).decode() for name, key in shown.items()}


@pytest.fixture
def client() -> Iterator[Client]:
    with GcpDouble() as double:
        yield Client(double)


def test_an_id_token_says_who_it_is_for_and_about(client: Client) -> None:
    token = client.asks("generateIdToken", {"audience": AUDIENCE, "includeEmail": True}).json()["token"]
    claims = jwt.decode(token, certs=client.certificates(), audience=AUDIENCE)
    account = client.double.accounts.by_email[EMAIL]
    assert (claims["iss"], claims["sub"], claims["email"]) == (
        "https://accounts.google.com",
        account["uniqueId"],
        EMAIL,
    )
    assert claims["exp"] - claims["iat"] == 3600
    with pytest.raises(ValueError, match="audience"):
        jwt.decode(token, certs=client.certificates(), audience="https://invoices.example.com")


def test_an_id_token_has_an_audience_and_no_email_unless_asked(client: Client) -> None:
    assert client.asks("generateIdToken", {}).status_code == 400
    token = client.asks("generateIdToken", {"audience": AUDIENCE}).json()["token"]
    assert "email" not in jwt.decode(token, certs=client.certificates(), audience=AUDIENCE)


def test_blobs_and_jwts_are_signed_by_the_key_that_is_told(client: Client) -> None:
    signed = client.asks("signBlob", {"payload": base64.b64encode(b"an order").decode()}).json()
    certificate = client.certificates()[signed["keyId"]]
    signature = base64.b64decode(signed["signedBlob"])
    assert crypt.verify_signature(b"an order", signature, certificate)
    assert not crypt.verify_signature(b"another order", signature, certificate)
    now = int(time.time())
    claims = {"sub": EMAIL, "iat": now, "exp": now + 60}
    told = client.asks("signJwt", {"payload": json.dumps(claims)}).json()
    assert jwt.decode(told["signedJwt"], certs=client.certificates()) == claims
    late = json.dumps(claims | {"exp": now + 13 * 3600})
    assert client.asks("signJwt", {"payload": late}).status_code == 400


@pytest.mark.parametrize("verb", ["generateIdToken", "signBlob", "signJwt"])
def test_nothing_is_signed_for_a_disabled_account(client: Client, verb: str) -> None:
    client.double.accounts.by_email[EMAIL]["disabled"] = True
    body = {"audience": AUDIENCE} if verb == "generateIdToken" else {"payload": ""}
    before = client.asks(verb, body).status_code
    client.double.deny("operator@example.com", "*")
    assert (before, client.asks(verb, body).status_code) == (404, 403)
