"""IAM v1, `projects.serviceAccounts.keys`: create, list, get, disable, enable, delete; ten at most."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tools.doubles.gcp.accounts import Accounts
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.names import Clock, stamp
from tools.doubles.messages import Request
from tools.doubles.routes import route

MOST = 10
"""Source: GCP IAM, 'Quotas and limits': service account keys for each service account."""

_KEYS = "/v1/projects/{project}/serviceAccounts/{account}/keys"
_KEY = _KEYS + "/{key}"
_NEVER = "9999-12-31T23:59:59Z"


@dataclass(slots=True)
class Key:
    """One key: its public half and what the API tells of it."""

    id: str
    name: str
    made: datetime
    public: rsa.RSAPublicKey = field(repr=False)
    kind: str = "USER_MANAGED"
    disabled: bool = False
    certificate: bytes = field(default=b"", repr=False)
    ends: str = _NEVER

    def shown(self) -> dict[str, Any]:
        facts = {
            "name": self.name,
            "validAfterTime": stamp(self.made, microseconds=False),
            "validBeforeTime": self.ends,
            "keyAlgorithm": "KEY_ALG_RSA_2048",
            "keyOrigin": "GOOGLE_PROVIDED",
            "keyType": self.kind,
        }
        return facts | ({"disabled": True} if self.disabled else {})


class Keys:
    """Every key of every service account.

    Attributes:
        by_account: the keys by the account's unique id, then by their own.
        forbidden_by_policy: whether the organisation forbids making keys.
        says_exhausted: whether the limit is told as 429, as it once was, instead of 400.
    """

    def __init__(self, accounts: Accounts, url: str, now: Clock) -> None:
        self.by_account: dict[str, dict[str, Key]] = {}
        self.forbidden_by_policy = False
        self.says_exhausted = False
        self._accounts, self._url, self._now = accounts, url, now

    def of(self, account: dict[str, Any]) -> dict[str, Key]:
        """The keys of an account; a key of Google's own is among them."""
        unique = account["uniqueId"]
        if unique not in self.by_account:
            # Its private half is the double's alone, one for all accounts.
            google = self._new(account, _Pair.shared(), "SYSTEM_MANAGED")
            self.by_account[unique] = {google.id: google}
        return self.by_account[unique]

    def make(self, email: str) -> tuple[Key, dict[str, str]]:
        """Make a key as a person would: what the API tells of it, and its key file."""
        account, pair = self._accounts.by_email[email], _Pair.new()
        key = self._new(account, pair, "USER_MANAGED")
        self.of(account)[key.id] = key
        return key, self._file(account, key.id, pair)

    def google_key(self, account: dict[str, Any]) -> Key:
        """The key that Google keeps for an account."""
        return next(key for key in self.of(account).values() if key.kind == "SYSTEM_MANAGED")

    def signed(self, account: dict[str, Any], content: bytes) -> tuple[str, bytes]:
        """Sign with the key that Google keeps for an account: the key's id and the signature, RS256."""
        signature = _Pair.shared().key.sign(content, padding.PKCS1v15(), hashes.SHA256())
        return self.google_key(account).id, signature

    def listed(self, email: str) -> list[str]:
        """The ids of an account's keys, without Google's own."""
        return [key.id for key in self.of(self._accounts.by_email[email]).values() if key.kind == "USER_MANAGED"]

    @route("POST", _KEYS, needs="iam.serviceAccountKeys.create")
    def create(self, request: Request) -> Any:
        account, asked = self._accounts.of(request), request.json()
        if self.forbidden_by_policy:
            policy = "constraints/iam.disableServiceAccountKeyCreation"
            message = "Key creation is not allowed on this service account."
            raise refuse("FAILED_PRECONDITION", message, reason="CUSTOM_ORG_POLICY_VIOLATION", policy=policy)
        if len(self.listed(account["email"])) >= MOST:
            if self.says_exhausted:
                raise refuse("RESOURCE_EXHAUSTED", "Maximum number of keys on account reached.")
            raise refuse("FAILED_PRECONDITION", "Precondition check failed.")
        kind = asked.get("privateKeyType", "TYPE_GOOGLE_CREDENTIALS_FILE")
        if kind != "TYPE_GOOGLE_CREDENTIALS_FILE":
            raise refuse("INVALID_ARGUMENT", f"private key type {kind}")
        key, file = self.make(account["email"])
        data = base64.b64encode(json.dumps(file, indent=2).encode()).decode()
        return {**key.shown(), "privateKeyType": kind, "privateKeyData": data}

    @route("GET", _KEYS, needs="iam.serviceAccountKeys.list")
    def list(self, request: Request) -> Any:
        kind = request.query.get("keyTypes")
        keys = self.of(self._accounts.of(request)).values()
        # The order is nobody's promise: newest first keeps callers from relying on another.
        shown = [key.shown() for key in reversed(keys) if kind in (None, key.kind)]
        return {"keys": shown} if shown else {}

    @route("GET", _KEY, needs="iam.serviceAccountKeys.get")
    def get(self, request: Request) -> Any:
        key = self._key(request)
        match request.query.get("publicKeyType", "TYPE_NONE"):
            case "TYPE_X509_PEM_FILE":
                content = key.certificate
            case "TYPE_RAW_PUBLIC_KEY":
                form = serialization.PublicFormat.SubjectPublicKeyInfo
                content = key.public.public_bytes(serialization.Encoding.PEM, form)
            case _:
                return key.shown()
        return {**key.shown(), "publicKeyData": base64.b64encode(content).decode()}

    @route("POST", _KEY + ":disable", needs="iam.serviceAccountKeys.disable")
    def disable(self, request: Request) -> Any:
        self._key(request).disabled = True
        return {}

    @route("POST", _KEY + ":enable", needs="iam.serviceAccountKeys.enable")
    def enable(self, request: Request) -> Any:
        self._key(request).disabled = False
        return {}

    @route("DELETE", _KEY, needs="iam.serviceAccountKeys.delete")
    def delete(self, request: Request) -> Any:
        key = self._key(request)
        if key.kind != "USER_MANAGED":
            raise refuse("FAILED_PRECONDITION", "System-managed keys cannot be deleted.")
        del self.of(self._accounts.of(request))[key.id]
        return {}

    def _key(self, request: Request) -> Key:
        key = self.of(self._accounts.of(request)).get(request.params["key"])
        if key is None:
            raise refuse("NOT_FOUND", f"Service account key {request.params['key']} does not exist.")
        return key

    def _new(self, account: dict[str, Any], pair: _Pair, kind: str) -> Key:
        id_, made = secrets.token_hex(20), self._now()
        name = f"{account['name']}/keys/{id_}"
        return Key(id_, name, made, pair.key.public_key(), kind, certificate=pair.certificate(account, made))

    def _file(self, account: dict[str, Any], id_: str, pair: _Pair) -> dict[str, str]:
        """The key file; its URLs lead to the double."""
        return {
            "type": "service_account",
            "project_id": account["projectId"],
            "private_key_id": id_,
            "private_key": pair.pem(),
            "client_email": account["email"],
            "client_id": account["uniqueId"],
            "auth_uri": f"{self._url}/o/oauth2/auth",
            "token_uri": f"{self._url}/token",
            "universe_domain": "googleapis.com",
        }


@dataclass(frozen=True, slots=True)
class _Pair:
    """A private key; made ahead of no one's need, because making one takes a while."""

    key: rsa.RSAPrivateKey = field(repr=False)

    @staticmethod
    def new() -> _Pair:
        return _Pair(rsa.generate_private_key(public_exponent=65537, key_size=2048))

    @staticmethod
    def shared() -> _Pair:
        if not _shared:
            _shared.append(_Pair.new())
        return _shared[0]

    def pem(self) -> str:
        form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, form, none).decode()

    def certificate(self, account: dict[str, Any], made: datetime) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, account["uniqueId"])])
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(made).not_valid_after(made + timedelta(days=3650))
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


_shared: list[_Pair] = []
