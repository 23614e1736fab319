"""Every intent on a real OpenBao: a token that has nothing else may do the job, and nothing near it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hvac
import pytest

from nhi_components.core.intents import grants_of
from nhi_components.core.vault_intents import VAULT_INTENTS
from nhi_components.vault.documents import policy_document

LEASE = "lease-abcdefghijklmnop"
PLAIN = {"plaintext": base64.b64encode(b"order 4711").decode()}
INPUT = {"input": PLAIN["plaintext"]}
NO_BODY: dict[str, Any] = {}
VALUE = {"data": {"v": "2"}}


@dataclass(frozen=True)
class Call:
    """One request; `{cipher}`, `{signature}` and `{hmac}` in its body stand for what root made with the key."""

    method: str
    path: str
    body: dict[str, Any]


def post(path: str, body: dict[str, Any] = NO_BODY) -> Call:
    return Call("post", path, body)


def get(path: str) -> Call:
    return Call("get", path, NO_BODY)


CIPHER = {"ciphertext": "{cipher}"}
KEY_ADMINISTRATION = (
    get("transit/keys/{key}"),
    get("transit/export/encryption-key/{key}"),
    get("transit/backup/{key}"),
    post("transit/keys/{key}/rotate"),
    post("transit/keys/{key}/config", {"deletion_allowed": True}),
    post("transit/keys/another-new-one", {"type": "aes256-gcm96"}),
    Call("delete", "transit/keys/{key}", NO_BODY),
    Call("list", "transit/keys", NO_BODY),
)
USES = {
    "encrypt": post("transit/encrypt/{key}", PLAIN),
    "decrypt": post("transit/decrypt/{key}", CIPHER),
    "rewrap": post("transit/rewrap/{key}", CIPHER),
    "sign": post("transit/sign/{key}", INPUT),
    "verify": post("transit/verify/{key}", {**INPUT, "signature": "{signature}"}),
    "hmac": post("transit/hmac/{key}", INPUT),
}
KV = {
    "read": get("secret/data/shared/rates"),
    "write": post("secret/data/shared/rates", VALUE),
    "write new": post("secret/data/shared/new", VALUE),
    "list": Call("list", "secret/metadata/shared", NO_BODY),
    "list below": Call("list", "secret/metadata/shared/below", NO_BODY),
    "patch": Call("patch", "secret/data/shared/rates", VALUE),
    "metadata": get("secret/metadata/shared/rates"),
    "change metadata": post("secret/metadata/shared/rates", {"max_versions": 1}),
    "delete newest": Call("delete", "secret/data/shared/rates", NO_BODY),
    "delete": post("secret/delete/shared/rates", {"versions": [1]}),
    "undelete": post("secret/undelete/shared/rates", {"versions": [1]}),
    "destroy": post("secret/destroy/shared/rates", {"versions": [1]}),
    "delete all": Call("delete", "secret/metadata/shared/rates", NO_BODY),
    "read beside": get("secret/data/shared/other"),
    "read below": get("secret/data/shared/rates/deeper"),
}
DATABASE = {
    "credentials": get("database/creds/orders-reader"),
    "of another": get("database/creds/orders-writer"),
    "static": get("database/static-creds/orders-reader"),
    "role": get("database/roles/orders-reader"),
    "change role": post("database/roles/orders-reader", {"db_name": "orders"}),
    "connection": get("database/config/orders"),
    "rotate": post("database/rotate-root/orders"),
    "list": Call("list", "database/roles", NO_BODY),
}
PKI = {
    "issue": post("pki/issue/orders-reader", {"common_name": "orders.internal.example"}),
    "of another": post("pki/issue/orders-writer", {"common_name": "orders.internal.example"}),
    "sign": post("pki/sign/orders-reader", {"csr": "none"}),
    "verbatim": post("pki/sign-verbatim", {"csr": "none"}),
    "verbatim by role": post("pki/sign-verbatim/orders-reader", {"csr": "none"}),
    "by issuer": post("pki/issuer/default/issue/orders-reader", {"common_name": "orders.internal.example"}),
    "intermediate": post("pki/root/sign-intermediate", {"csr": "none", "common_name": "x"}),
    "revoke": post("pki/revoke", {"serial_number": "00:11"}),
    "role": get("pki/roles/orders-reader"),
    "change role": post("pki/roles/orders-reader", {"allow_any_name": True}),
    "list": Call("list", "pki/certs", NO_BODY),
}
TARGETS = {"transit": "orders", "kv": "shared/rates", "database": "orders-reader", "pki": "orders-reader"}
ALLOWED = {
    **{f"transit.{use}": (call,) for use, call in USES.items()},
    "kv.read": (KV["read"],),
    "kv.write": (KV["write"],),
    "kv.list": (KV["list"],),
    "database.credentials": (DATABASE["credentials"],),
    "pki.issue": (PKI["issue"],),
}
NEARBY = {
    "transit": (*USES.values(), *KEY_ADMINISTRATION),
    "kv": tuple(KV.values()),
    "database": tuple(DATABASE.values()),
    "pki": tuple(PKI.values()),
}


@pytest.fixture
def root(vault_client: Callable[..., Any]) -> Any:
    client = vault_client()
    client.sys.enable_secrets_engine("transit")
    client.sys.enable_secrets_engine("database")
    client.sys.enable_secrets_engine("pki")
    for key in ("orders", "somebody-else"):
        client.write(f"transit/keys/{key}", type="ed25519" if key == "orders" else "aes256-gcm96")
    for path in ("shared/rates", "shared/other", "shared/below/deep"):
        client.secrets.kv.v2.create_or_update_secret(path, {"v": "1"}, mount_point="secret")
    client.write("pki/root/generate/internal", common_name="tests", ttl="24h")
    for role in ("orders-reader", "orders-writer"):
        client.write(f"pki/roles/{role}", allow_any_name=True, ttl="1h", key_type="ed25519")
    return client


def with_only(vault_client: Callable[..., Any], intent_id: str, target: str) -> Any:
    """A client whose token has nothing but what the intent grants."""
    root = vault_client()
    grants = grants_of(VAULT_INTENTS[intent_id], target)
    targets = [list(grant.targets) for grant in grants]
    root.sys.create_or_update_policy("only", policy_document(grants, targets, LEASE, []))
    token = root.auth.token.create(policies=["only"], no_default_policy=True)["auth"]["client_token"]
    return vault_client(token)


def lets(client: Any, call: Call, made: dict[str, str], key: str = "orders") -> bool:
    """Tell whether Vault lets a call through; what it says of its contents is another matter."""
    body = {name: made.get(value, value) if isinstance(value, str) else value for name, value in call.body.items()}
    headers = {"Content-Type": "application/merge-patch+json"} if call.method == "patch" else {}
    try:
        client.adapter.request(call.method, f"/v1/{call.path.format(key=key)}", json=body or None, headers=headers)
    except hvac.exceptions.Forbidden:
        return False
    except (hvac.exceptions.InvalidPath, hvac.exceptions.InvalidRequest, hvac.exceptions.InternalServerError):
        return True
    return True


def made_by(root: Any, intent_id: str) -> dict[str, str]:
    """What root made with the key, of the type that the intent is for."""
    if intent_id.endswith((".encrypt", ".decrypt", ".rewrap", ".hmac")):
        root.write("transit/keys/orders/config", deletion_allowed=True)
        root.delete("transit/keys/orders")
        root.write("transit/keys/orders", type="aes256-gcm96")
        cipher = root.write("transit/encrypt/orders", **PLAIN)["data"]["ciphertext"]
        return {"{cipher}": cipher}
    if intent_id.startswith("transit."):
        return {"{signature}": root.write("transit/sign/orders", **INPUT)["data"]["signature"]}
    return {}


@pytest.mark.parametrize("intent_id", VAULT_INTENTS)
def test_it_allows_the_job_and_nothing_near_it(intent_id: str, root: Any, vault_client: Callable[..., Any]) -> None:
    engine = intent_id.split(".")[0]
    target = "shared" if intent_id == "kv.list" else TARGETS[engine]
    made = made_by(root, intent_id)
    client = with_only(vault_client, intent_id, target)
    allowed = ALLOWED[intent_id]
    assert [call for call in allowed if not lets(client, call, made)] == []
    assert [call for call in NEARBY[engine] if call not in allowed and lets(client, call, made)] == []
    if engine == "transit":
        assert [call for call in allowed if lets(client, call, made, "somebody-else")] == []


@pytest.mark.parametrize("intent_id", [i for i in VAULT_INTENTS if not i.startswith("database.")])
def test_the_job_is_done(intent_id: str, root: Any, vault_client: Callable[..., Any]) -> None:
    """Not only let through: the answer is one. Database users are proved with the identity that has them."""
    target = "shared" if intent_id == "kv.list" else TARGETS[intent_id.split(".")[0]]
    made = made_by(root, intent_id)
    client = with_only(vault_client, intent_id, target)
    for call in ALLOWED[intent_id]:
        body = {name: made.get(value, value) if isinstance(value, str) else value for name, value in call.body.items()}
        answer = client.adapter.request(call.method, f"/v1/{call.path.format(key='orders')}", json=body or None)
        assert answer["data"]


def test_an_encryption_makes_no_key(root: Any, vault_client: Callable[..., Any]) -> None:
    client = with_only(vault_client, "transit.encrypt", "not-yet")
    with pytest.raises((hvac.exceptions.Forbidden, hvac.exceptions.InvalidRequest)):
        client.write("transit/encrypt/not-yet", **PLAIN)
    assert root.read("transit/keys/not-yet") is None
