"""Vault for the suite of retirements: a namespace of its own on the real OpenBao, with a real PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import hvac
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest

from nhi_components.core.connection import VaultConnection
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.retirement import Retirement
from nhi_components.lifecycle.decommission.ports import Target
from tests.conformance.decommission.world import Planted
from tests.conformance.discovery.vault_world import ISSUER, VaultDiscoveryWorld, pem_of, self_signed
from tests.conformance.world import now
from tools.lab.sandbox.issuer import Issuer

ENTITY, ENTRY, TOKEN = LinkKind.VAULT_ENTITY, LinkKind.VAULT_KV_PATH, LinkKind.VAULT_TOKEN
APPROLE, JWT, PKI = LinkKind.VAULT_APPROLE, LinkKind.VAULT_JWT_ROLE, LinkKind.VAULT_PKI_ROLE
USER, CERTIFICATE, TOKENS = "vault-userpass-user", "vault-cert-role", "vault-token-role"
FOLDERS = {APPROLE: "role", JWT: "role", USER: "users", CERTIFICATE: "certs", TOKENS: "roles"}
MOUNTS = {APPROLE: "approle", JWT: "jwt", USER: "userpass", CERTIFICATE: "cert", TOKENS: "token"}
_REFUSED = (Forbidden, InvalidPath, InvalidRequest)


class VaultRetirementWorld:
    """One namespace, whose mounts are all the suite's; whoever has the policy `orders` reads an entry of its own."""

    def __init__(self, found: VaultDiscoveryWorld) -> None:
        self.found, self.root, self.secrets = found, found.root, found.secrets
        self.root.sys.create_or_update_policy("orders", 'path "kv/data/rates" { capabilities = ["read"] }')
        self.root.secrets.kv.v2.create_or_update_secret("rates", {"eur": "1"}, mount_point="kv")

    @property
    def place(self) -> str:
        """What discovery calls the namespace."""
        return self.found.key("").rstrip("/")

    def plant(self, kind: str) -> Planted:
        name = f"orders-{secrets.token_hex(3)}"
        match kind:
            case LinkKind.VAULT_ENTITY:
                return self._entity(name)
            case LinkKind.VAULT_KV_PATH:
                return self._entry(f"shop/data/{name}")
            case LinkKind.VAULT_TOKEN:
                return self._token()
            case LinkKind.VAULT_PKI_ROLE:
                return self._pki(name)
            case _:
                return self._role(kind, name)

    def plant_guarded(self) -> Target:
        """The entity of the token that the next retirement uses."""
        made = self._entity("operator", "root-like")
        policy = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }'
        self.root.sys.create_or_update_policy("root-like", policy)
        self.retirement_with(self._token_of_entity("operator"))
        return made.target

    def add_dependent(self, planted: Planted) -> str:
        raise NotImplementedError("Vault tells of none")

    def replace(self, planted: Planted) -> Callable[[], Any]:
        target = planted.target
        if target.kind == ENTRY:
            path = target.name.partition("/")[2]
            self.root.delete(f"kv/metadata/{path}")
            self._write(path)
            return lambda: self._entry_documents(path)
        path = target.key.removeprefix(f"{self.place}/")
        fields = self.root.read(path)["data"]
        self.root.delete(path)
        self.root.write(path, token_policies=fields["token_policies"])
        return lambda: self.root.read(path)["data"]

    def retirement(self) -> Retirement:
        return self.retirement_with(self.found.server.token)

    def retirement_of_nobody(self) -> Retirement:
        return self.retirement_with("a-token-of-nobody")

    def retirement_with(self, token: str) -> Retirement:
        """A retirement by whoever has a token, which its session takes from the environment at its first use."""
        self.secrets.append(token)
        self.found.discovery_with(token)
        return Retirement("default", VaultConnection(), now)

    def accessor(self, mount: str) -> str:
        """The accessor of an auth mount."""
        found: str = self.root.sys.list_auth_methods()["data"][f"{mount}/"]["accessor"]
        return found

    def client(self, token: str = "") -> hvac.Client:
        """The namespace as somebody sees it."""
        opened = self.found.server.client(token)
        opened.adapter.namespace = self.found.namespace
        return opened

    def _target(self, path: str, unique_id: str, kind: str, name: str) -> Target:
        return Target(f"{self.place}/{path}", unique_id, System.VAULT, self.place, kind, name)

    def _reads(self, token: str) -> bool:
        self.secrets.append(token)
        return answered(lambda: self.client(token).read("kv/data/rates"))

    def _logged_in(self, log_in: Callable[[], Any]) -> bool:
        """Log in afresh, and read."""
        try:
            got = log_in()["auth"]
        except _REFUSED:
            return False
        return self._reads(got["client_token"])

    def _role(self, kind: str, name: str) -> Planted:
        mount, limits = MOUNTS[LinkKind(kind) if kind in set(LinkKind) else kind], {"token_bound_cidrs": ["127.0.0.1"]}
        path = f"auth/{mount}/{FOLDERS[kind]}/{name}"
        log_in, unique_id = self._made(kind, name, path, limits)
        target = self._target(path, unique_id, kind, name)
        return Planted(
            target,
            lambda: self._logged_in(log_in),
            lambda: self.root.read(path)["data"],
            lambda: [path] if self.root.read(path) else [],
        )

    def _made(self, kind: str, name: str, path: str, limits: dict[str, Any]) -> tuple[Callable[[], Any], str]:
        """Make a role, and give how to log in by it, and its unique id."""
        login = self.client()
        by_name = fingerprint(f"{self.accessor(MOUNTS[kind])}\n{name}\n")
        match kind:
            case LinkKind.VAULT_APPROLE:
                self.root.write(path, token_policies=["orders"], **limits)
                role_id = self.root.read(f"{path}/role-id")["data"]["role_id"]
                secret_id = self.root.write(f"{path}/secret-id")["data"]["secret_id"]
                self.secrets += [role_id, secret_id]
                return lambda: login.write("auth/approle/login", role_id=role_id, secret_id=secret_id), fingerprint(
                    role_id
                )
            case LinkKind.VAULT_JWT_ROLE:
                issuer = Issuer()
                self.root.write("auth/jwt/config", jwt_validation_pubkeys=[issuer.public_key], bound_issuer=ISSUER)
                bound = {"user_claim": "sub", "bound_subject": name, "bound_audiences": ["vault"], "role_type": "jwt"}
                more = {"bound_claims": {"ref": "main"}, "claim_mappings": {"ref": "branch"}}
                self.root.write(path, token_policies=["orders"], **bound, **more, **limits)
                claims = {"iss": ISSUER, "sub": name, "aud": "vault", "ref": "main"}
                return lambda: login.write("auth/jwt/login", role=name, jwt=issuer.token(**claims)), by_name
            case "vault-userpass-user":
                password = secrets.token_urlsafe(12)
                self.secrets.append(password)
                self.root.write(path, password=password, token_policies=["orders"], **limits)
                return lambda: login.write(f"auth/userpass/login/{name}", password=password), by_name
            case "vault-cert-role":
                self.root.write(path, certificate=pem_of(self_signed(name)), token_policies=["orders"], **limits)
                return lambda: {"auth": {"client_token": "none"}}, by_name
            case _:
                self.root.write(path, allowed_policies=["orders"], orphan=True, renewable=False)
                return lambda: self.root.write(f"auth/token/create/{name}", policies=["orders"]), by_name

    def _entity(self, name: str, policy: str = "orders") -> Planted:
        made = self.root.write("identity/entity", name=name, policies=[policy], metadata={"team": "payments"})
        id_: str = made["data"]["id"]
        self.root.write("identity/entity-alias", name=name, canonical_id=id_, mount_accessor=self.accessor("userpass"))
        token, path = self._token_of_entity(name), f"identity/entity/id/{id_}"

        def documents() -> Any:
            told = self.root.read(path)["data"]
            # Vault writes an alias without custom metadata in another way once its entity was written.
            aliases = [{**each, "custom_metadata": each["custom_metadata"] or None} for each in told["aliases"]]
            return {**told, "aliases": aliases, "last_update_time": ""}

        return Planted(
            self._target(path, id_, ENTITY, name),
            lambda: self._reads(token),
            documents,
            lambda: [path] if self.root.read(path) else [],
        )

    def _token_of_entity(self, name: str) -> str:
        password = secrets.token_urlsafe(12)
        self.secrets.append(password)
        self.root.write(f"auth/userpass/users/{name}", password=password)
        token: str = self.client().write(f"auth/userpass/login/{name}", password=password)["auth"]["client_token"]
        return token

    def _entry(self, path: str) -> Planted:
        self._write(path)
        self._write(path)
        self.root.write(f"kv/metadata/{path}", custom_metadata={"owner": "payments"})
        made = self.root.read(f"kv/metadata/{path}")["data"]["created_time"]
        accessor = self.root.sys.list_mounted_secrets_engines()["data"]["kv/"]["accessor"]
        target = self._target(f"kv/data/{path}", fingerprint(f"{accessor}\n{path}\n{made}"), ENTRY, f"kv/{path}")
        return Planted(
            target,
            lambda: any(answered(lambda n=n: self.root.read(f"kv/data/{path}?version={n}")) for n in (1, 2)),
            lambda: self._entry_documents(path),
            lambda: [path] if self.root.read(f"kv/metadata/{path}") else [],
        )

    def _write(self, path: str) -> None:
        value = secrets.token_urlsafe(12)
        self.secrets.append(value)
        self.root.secrets.kv.v2.create_or_update_secret(path, {"value": value}, mount_point="kv")

    def _entry_documents(self, path: str) -> Any:
        return {**self.root.read(f"kv/metadata/{path}")["data"], "updated_time": "", "current_metadata_version": 0}

    def _token(self) -> Planted:
        made = self.found.token(policies=["orders"], period="1h", no_parent=True, meta={"team": "payments"})
        known = fingerprint(made["accessor"])

        def left() -> list[str]:
            listed = self.root.list("auth/token/accessors") or {"data": {"keys": []}}
            return [each for each in listed["data"]["keys"] if each == made["accessor"]]

        return Planted(
            self._target(f"auth/token/accessors/{known}", known, TOKEN, "token"),
            lambda: self._reads(made["client_token"]),
            left,
            left,
        )

    def _pki(self, name: str) -> Planted:
        if not self.root.list("pki/issuers"):
            self.root.write("pki/root/generate/internal", common_name="shop")
        path = f"pki/roles/{name}"
        self.root.write(path, allow_any_name=True, ttl="1h")
        accessor = self.root.sys.list_mounted_secrets_engines()["data"]["pki/"]["accessor"]
        return Planted(
            self._target(path, fingerprint(f"{accessor}\n{name}\n"), PKI, name),
            lambda: answered(lambda: self.root.write(f"pki/issue/{name}", common_name="a.example")),
            lambda: self.root.read(path)["data"],
            lambda: [path] if self.root.read(path) else [],
        )


def answered(ask: Callable[[], Any]) -> bool:
    """Whether Vault answers, with something."""
    try:
        return bool(ask())
    except _REFUSED:
        return False
