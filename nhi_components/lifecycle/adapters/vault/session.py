"""Reaching one Vault: address, login afresh by the connection's method, and who we are there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from nhi_components.core.connection import VaultConnection
from nhi_components.core.errors import Problem, SystemUnreachable
from nhi_components.lifecycle.adapters.vault.errors import Denied, Refused
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.pki import Certificates
from nhi_components.lifecycle.adapters.vault.tokens import Tokens

TOKEN_FILE = ".vault-token"  # noqa: S105 - the name of the token helper's file

_ALWAYS_ANSWER = {"standbyok": "true", "perfstandbyok": "true", "sealedcode": "200", "uninitcode": "200"}
"""Without these Vault answers for the health of a standby or a sealed node with an error status."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the token speaks for.

    Attributes:
        display_name: Vault's display name of the token.
        accessor: the token's accessor, so that it never revokes itself.
        place: the Vault's cluster id, and the namespace if there is one.
        entity: the id of the entity that the token belongs to; empty when none.
        role: path of the auth role that it was got by, such as `auth/approle/role/orders`; empty when none is told.
    """

    display_name: str
    accessor: str = field(repr=False)
    place: str
    entity: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class _Open:
    http: VaultHttp
    identity: Identity
    tokens: Tokens
    certificates: Certificates


class VaultSession:
    """One connection, logged in on first use.

    Its attributes raise `SystemUnreachable` when Vault is down or sealed, or the credentials are missing or refused.
    """

    def __init__(self, name: str, connection: VaultConnection) -> None:
        self.name = name
        self._connection = connection
        # Two threads must not log in twice: the second token would live on unused.
        self._lock = Lock()
        self._open: _Open | None = None

    @property
    def http(self) -> VaultHttp:
        """The Vault as the connection's token sees it."""
        return self._opened().http

    @property
    def identity(self) -> Identity:
        """Whom the token speaks for."""
        return self._opened().identity

    @property
    def tokens(self) -> Tokens:
        """Every token of that Vault but our own."""
        return self._opened().tokens

    @property
    def certificates(self) -> Certificates:
        """The certificates of that Vault's PKI engines."""
        return self._opened().certificates

    def _opened(self) -> _Open:
        with self._lock:
            if self._open is None:
                self._open = self._log_in()
            return self._open

    def _log_in(self) -> _Open:
        anonymous = VaultHttp(self.name, self._address(), namespace=self._namespace(), verify=self._verify())
        cluster = self._cluster(anonymous.without_namespace())
        place = f"{cluster}/{anonymous.namespace}" if anonymous.namespace else cluster
        http = anonymous.with_token(self._token(anonymous))
        own = self._look_up(http)
        identity = Identity(
            str(own.get("display_name", "")),
            str(own.get("accessor", "")),
            place,
            str(own.get("entity_id") or ""),
            _role_of(own),
        )
        return _Open(http, identity, Tokens(http, identity.accessor), Certificates(http))

    def _address(self) -> str:
        address = self._connection.address or os.environ.get("VAULT_ADDR")
        if not address:
            raise self._missing("no address", "the address of a Vault", "set the connection's address, or VAULT_ADDR")
        return address.rstrip("/")

    def _namespace(self) -> str | None:
        return self._connection.namespace or os.environ.get("VAULT_NAMESPACE") or None

    def _verify(self) -> str | bool:
        return self._connection.ca_certificate or os.environ.get("VAULT_CACERT") or True

    def _cluster(self, anonymous: VaultHttp) -> str:
        health = anonymous.read("sys/health", **_ALWAYS_ANSWER) or {}
        if health.get("sealed") or not health.get("initialized"):
            found = "a sealed Vault" if health.get("initialized") else "a Vault that is not initialised"
            fix = "unseal it (`bao operator unseal`)" if health.get("initialized") else "initialise it"
            raise self._missing(f"{found} at {anonymous.address}", "an unsealed Vault", fix)
        return str(health.get("cluster_id", ""))

    def _token(self, anonymous: VaultHttp) -> str:
        match self._connection.auth:
            case "token":
                return self._ambient_token()
            case "approle":
                body = {"role_id": self._variable("VAULT_ROLE_ID"), "secret_id": self._variable("VAULT_SECRET_ID")}
                return self._exchange(anonymous, "approle", body)
            case "jwt":
                file = Path(self._variable("VAULT_JWT_FILE"))
                if not file.is_file():
                    raise self._missing(f"no file {file}", "the file with the JWT", "correct VAULT_JWT_FILE")
                body = {"jwt": file.read_text().strip(), "role": self._connection.role or ""}
                return self._exchange(anonymous, "jwt", body)

    def _ambient_token(self) -> str:
        file = Path.home() / TOKEN_FILE
        token = os.environ.get("VAULT_TOKEN") or (file.read_text().strip() if file.is_file() else "")
        if not token:
            raise self._missing(
                f"neither VAULT_TOKEN nor {file}", "a token", "log in (`bao login`), or set VAULT_TOKEN"
            )
        return token

    def _exchange(self, anonymous: VaultHttp, method: str, body: dict[str, str]) -> str:
        path = f"auth/{self._connection.mount or method}/login"
        fix = f"check the {method} credentials in the environment, and the connection's mount and role"
        try:
            token = anonymous.login(path, body).get("client_token")
        except (Denied, Refused):
            token = None
        if not token:
            raise self._missing(f"{anonymous.address} refused {path}", "a login", fix)
        return str(token)

    def _look_up(self, http: VaultHttp) -> dict[str, Any]:
        try:
            return dict(http.read("auth/token/lookup-self") or {})
        except Denied:
            raise self._missing(
                f"{http.address} refused the token, or to let it look itself up",
                "a valid token with the default policy",
                "log in afresh, and check with `bao token lookup`",
            ) from None

    def _variable(self, name: str) -> str:
        value = os.environ.get(name)
        if not value:
            raise self._missing(f"{name} is not set", "it to be set", f"set {name}, or choose another auth")
        return value

    def _missing(self, got: str, expected: str, fix: str) -> SystemUnreachable:
        return SystemUnreachable("vault", Problem(f"vault.{self.name}", got, expected, fix))


def _role_of(token: Mapping[str, Any]) -> str:
    """Tell the path of the role by which a token was got: the login of most methods notes its name."""
    login, noted = str(token.get("path", "")), token.get("meta") or {}
    role = noted.get("role_name") or noted.get("role")
    return f"{login.removesuffix('/login')}/role/{role}" if role and login.endswith("/login") else ""
