"""Vault for the suite of discoveries: a namespace of its own on the real OpenBao, with a real PostgreSQL."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import hvac
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hvac.adapters import JSONAdapter
from hvac.exceptions import InvalidRequest
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from nhi_components.core.connection import VaultConnection
from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundCredential,
    FoundGrant,
    FoundIdentity,
    FoundStep,
    Record,
    Use,
)
from nhi_components.core.links import System
from nhi_components.core.tags import LEASE, MANAGED_BY, MANAGER, policy_mark, statement_mark
from nhi_components.facts.vault.hcl import parse_hcl
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.discovery import Discovery
from tests.conformance.discovery.world import Planted
from tests.conformance.world import now
from tools.lab.sandbox import vault as lab
from tools.lab.sandbox.issuer import Issuer
from tools.lab.sandbox.postgres import Postgres

AUTH: Final = ("approle", "cert", "jwt", "kubernetes", "userpass")
LOOKUPS: Final = ("auth/token/lookup-accessor", "/secret-id-accessor/lookup")
LEASE_ID: Final = "lease-abcdefghijklmnop"
ISSUER: Final = "https://ci.example"
CLUSTER: Final = "https://cluster.example:6443"


class VaultDiscoveryWorld:
    """One namespace, whose mounts are all the suite's."""

    def __init__(self, server: lab.Vault, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
        self.secrets = [server.token, postgres.password]
        self.server, self._postgres, self._environment = server, postgres, monkeypatch
        self.namespace = f"estate-{secrets.token_hex(3)}"
        self.root: hvac.Client = server.client()
        self.root.write(f"sys/namespaces/{self.namespace}")
        self.root.adapter.namespace = self.namespace
        for method in AUTH:
            self.root.sys.enable_auth_method(method)
        self.root.sys.enable_secrets_engine("kv", options={"version": "2"})
        # A mount that was just made refuses everything for a moment, as it upgrades itself.
        upgraded = Retrying(
            retry=retry_if_exception_type(InvalidRequest),
            stop=stop_after_delay(30),
            wait=wait_fixed(0.05),
            reraise=True,
        )
        upgraded(self.root.secrets.kv.v2.read_configuration, mount_point="kv")
        self.root.sys.enable_secrets_engine("database")
        self.root.sys.enable_secrets_engine("pki")
        monkeypatch.delenv("VAULT_CACERT", raising=False)
        monkeypatch.setenv("VAULT_ADDR", server.address)
        monkeypatch.setenv("VAULT_NAMESPACE", self.namespace)
        self._asked: list[str] = []
        request = JSONAdapter.request

        def noted(adapter: JSONAdapter, method: str, url: str, *arguments: Any, **named: Any) -> Any:
            if method.lower() not in ("get", "list") and not url.endswith(LOOKUPS):
                self._asked.append(f"{method} {url}")
            return request(adapter, method, url, *arguments, **named)

        monkeypatch.setattr(JSONAdapter, "request", noted)

    def key(self, path: str) -> str:
        health = self.server.client().sys.read_health_status(method="GET")
        return f"{health['cluster_id']}/{self.namespace}/{path}"

    def plant(self) -> Planted:
        name = f"orders-{secrets.token_hex(3)}"
        carrier = self.key(f"sys/policies/acl/{name}")
        rules = (
            f'path "kv/data/{name}" {{ capabilities = ["read"] }}\n'
            f'path "kv/data/{name}/root" {{ capabilities = ["deny"] }}\n'
        )
        self.root.sys.create_or_update_policy(name, f"{policy_mark(LEASE_ID)}\n{rules}")
        found: list[Record] = [
            FoundGrant(carrier, "read", f"kv/data/{name}", via=name),
            FoundGrant(carrier, "*", f"kv/data/{name}/root", denied=True, via=name),
            *self._approle(name, carrier),
            *self._federated(name, carrier),
            *self._issuers(name),
            *self._standing(name),
        ]
        entity, told = self._entity(name, carrier)
        token = self.token(policies=[name], period="1h", no_parent=True, meta={"team": "payments"})
        path = self.key(f"auth/token/accessors/{fingerprint(token['accessor'])}")
        found += [*told, FoundCarrier(path, carrier, "vault-policy")]
        entry, made = self._entry(name)
        accessor = self.root.sys.list_mounted_secrets_engines()["data"]["kv/"]["accessor"]
        identities = {
            self.key(f"identity/entity/id/{entity}"): entity,
            path: fingerprint(token["accessor"]),
            self.key(f"kv/data/{entry}"): fingerprint(f"{accessor}\n{entry}\n{made}"),
        }
        return Planted(identities, found)

    def _approle(self, name: str, carrier: str) -> list[Record]:
        self.root.auth.approle.create_or_update_approle(name, token_policies=[name])
        role_id = self.root.auth.approle.read_role_id(name)["data"]["role_id"]
        made = self.root.auth.approle.generate_secret_id(name)["data"]
        used = self.root.write(f"auth/approle/role/{name}/secret-id", num_uses=5)["data"]
        login = self.server.client("")
        login.adapter.namespace = self.namespace
        got = login.auth.approle.login(role_id, used["secret_id"], use_token=False)["auth"]
        self.secrets += [role_id, got["client_token"], got["accessor"]]
        self.secrets += [each[part] for each in (made, used) for part in ("secret_id", "secret_id_accessor")]
        key = self.key(f"auth/approle/role/{name}")
        entity, unique_id = self.key(f"identity/entity/id/{got['entity_id']}"), fingerprint(role_id)
        alias = self.key(f"auth/approle/role-id/{unique_id}")
        return [
            self._role(key, "vault-approle", name, unique_id),
            *(self._secret_id(name, key, each["secret_id_accessor"]) for each in (made, used)),
            FoundCarrier(key, carrier, "vault-policy"),
            FoundStep(key, alias, "log-in"),
            FoundStep(alias, entity, "alias"),
        ]

    def _secret_id(self, name: str, key: str, accessor: str) -> FoundCredential:
        told = self.root.write(f"auth/approle/role/{name}/secret-id-accessor/lookup", secret_id_accessor=accessor)
        made, touched = (
            datetime.fromisoformat(told["data"][field]) for field in ("creation_time", "last_updated_time")
        )
        use = Use(touched, watched_since=made) if told["data"]["secret_id_num_uses"] else Use()
        assert use.at is None or use.at > made
        return FoundCredential(key, "secret-id", fingerprint(accessor), made, use=use)

    def _federated(self, name: str, carrier: str) -> list[Record]:
        subject = f"repo:shop/{name}:ref:refs/heads/main"
        issuer = Issuer()
        self.root.write("auth/jwt/config", jwt_validation_pubkeys=[issuer.public_key], bound_issuer=ISSUER)
        self.root.write(
            f"auth/jwt/role/{name}",
            role_type="jwt",
            user_claim="sub",
            bound_subject=subject,
            bound_audiences=["vault"],
            token_policies=[name, LEASE_ID],
        )
        self.root.write(
            "auth/kubernetes/config", kubernetes_host=CLUSTER, kubernetes_ca_cert="none", token_reviewer_jwt="hunter2"
        )
        self.secrets.append("hunter2")
        self.root.write(
            f"auth/kubernetes/role/{name}",
            bound_service_account_names=["orders"],
            bound_service_account_namespaces=["shop", "stage"],
            token_policies=[name],
        )
        issued = issuer.token(iss=ISSUER, sub=subject, aud="vault")
        login = self.root.write("auth/jwt/login", role=name, jwt=issued)["auth"]
        self.secrets += [issued, login["client_token"], login["accessor"]]
        entity = self.key(f"identity/entity/id/{login['entity_id']}")
        jwt, kubernetes = self.key(f"auth/jwt/role/{name}"), self.key(f"auth/kubernetes/role/{name}")
        accessor = self.root.sys.list_auth_methods()["data"]["jwt/"]["accessor"]
        limits = json.dumps({"bound_audiences": ["vault"], "issuer": ISSUER})
        cluster = json.dumps({"issuer": CLUSTER})
        return [
            self._role(jwt, "vault-jwt-role", name, fingerprint(f"{accessor}\n{name}\n{LEASE_ID}")),
            FoundStep(subject, jwt, "log-in", limits),
            FoundStep(jwt, entity, "alias", json.dumps({"alias": subject, "mount": "jwt"})),
            FoundStep("system:serviceaccount:shop:orders", kubernetes, "log-in", cluster),
            FoundStep("system:serviceaccount:stage:orders", kubernetes, "log-in", cluster),
            *(FoundCarrier(key, carrier, "vault-policy") for key in (jwt, kubernetes)),
        ]

    def _role(self, key: str, kind: str, name: str, unique_id: str) -> FoundIdentity:
        place = self.key("").rstrip("/")
        marks = {LEASE: LEASE_ID, MANAGED_BY: MANAGER}
        return FoundIdentity(key, System.VAULT, place, kind, name, unique_id, marks=marks)

    def _entity(self, name: str, carrier: str) -> tuple[str, list[Record]]:
        made = self.root.write("identity/entity", name=name, policies=[name], metadata={"team": "payments"})
        entity: str = made["data"]["id"]
        mounts, account = self.root.sys.list_auth_methods()["data"], f"shop/{name}"
        for mount, alias in (("userpass", name), ("kubernetes", account)):
            accessor = mounts[f"{mount}/"]["accessor"]
            self.root.write("identity/entity-alias", name=alias, canonical_id=entity, mount_accessor=accessor)
        group = self.root.write("identity/group", name=name, policies=[name], member_entity_ids=[entity])["data"]["id"]
        above = self.root.write("identity/group", name=f"{name}-all", member_group_ids=[group])["data"]["id"]
        key, groups = (
            self.key(f"identity/entity/id/{entity}"),
            [self.key(f"identity/group/id/{g}") for g in (group, above)],
        )
        return entity, [
            FoundCarrier(key, carrier, "vault-policy"),
            FoundCarrier(key, groups[0], "identity-group"),
            FoundCarrier(groups[0], carrier, "vault-policy"),
            FoundCarrier(groups[0], groups[1], "identity-group"),
            FoundStep(self.key(f"auth/userpass/users/{name}"), key, "alias"),
            FoundStep(account, key, "alias", json.dumps({"alias": account, "mount": "kubernetes"})),
        ]

    def _standing(self, name: str) -> list[Record]:
        """A user with a password, a certificate that is trusted, and a role for tokens."""
        password = secrets.token_urlsafe(12)
        self.secrets.append(password)
        self.root.write(f"auth/userpass/users/{name}", password=password, token_policies=[name])
        certificate = self_signed(name)
        self.root.write(f"auth/cert/certs/{name}", certificate=pem_of(certificate), allowed_common_names=[name])
        self.root.write(f"auth/token/roles/{name}", allowed_policies=[name], orphan=True, period="1h")
        trusted = self.key(f"auth/cert/certs/{name}")
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        known = certificate.fingerprint(hashes.SHA256()).hex()
        token_role = self.key(f"auth/token/roles/{name}")
        return [
            FoundCredential(self.key(f"auth/userpass/users/{name}"), "password", name),
            FoundCredential(trusted, "certificate", known, begins, ends),
            FoundStep(name, trusted, "log-in"),
            FoundCarrier(token_role, self.key(f"sys/policies/acl/{name}"), "vault-policy"),
        ]

    def _issuers(self, name: str) -> list[Record]:
        self.root.write(
            "database/config/orders",
            plugin_name="postgresql-database-plugin",
            connection_url=self._postgres.url,
            username="postgres",
            password=self._postgres.password,
            allowed_roles=["*"],
        )
        statement = f"{statement_mark(LEASE_ID)}\nCREATE ROLE \"{{{{name}}}}\" WITH LOGIN PASSWORD '{{{{password}}}}'"
        self.root.write(f"database/roles/{name}", db_name="orders", creation_statements=[statement])
        self._postgres.query(f'CREATE ROLE "{name}" WITH LOGIN')
        self.root.write(f"database/static-roles/{name}-kept", db_name="orders", username=name, rotation_period="24h")
        kept = self.root.read(f"database/static-roles/{name}-kept")["data"]["last_vault_rotation"]
        self.root.write(f"pki/roles/{name}", allowed_domains=["orders.example"], allow_subdomains=True)
        role, static = self.key(f"database/roles/{name}"), self.key(f"database/static-roles/{name}-kept")
        accessor = self.root.sys.list_mounted_secrets_engines()["data"]["database/"]["accessor"]
        changed = datetime.fromisoformat(kept)
        return [
            self._role(role, "vault-database-role", name, fingerprint(f"{accessor}\n{name}\n{LEASE_ID}")),
            FoundGrant(role, "issue", self.key("database/config/orders")),
            FoundCredential(static, "database-password", name, created_at=changed),
            FoundGrant(self.key(f"pki/roles/{name}"), "issue", "orders.example", condition="allow_subdomains"),
        ]

    def _entry(self, name: str) -> tuple[str, str]:
        path, value = f"shop/{name}", secrets.token_urlsafe(12)
        self.secrets.append(value)
        self.root.secrets.kv.v2.create_or_update_secret(path, {"value": value}, mount_point="kv")
        self.root.write(f"kv/metadata/{path}", custom_metadata={"owner": "payments"})
        return path, self.root.read(f"kv/metadata/{path}")["data"]["created_time"]

    def token(self, **settings: Any) -> dict[str, Any]:
        """Make a token by hand in the namespace."""
        made: dict[str, Any] = self.root.auth.token.create(**settings)["auth"]
        self.secrets += [made["client_token"], made["accessor"]]
        return made

    def changed(self) -> list[str]:
        return list(self._asked)

    def discovery(self, *, everywhere: bool = False) -> Discovery:
        return self.discovery_with(self.server.token)

    def permissions_in(self, policy: str) -> set[str]:
        return {
            f"{capability} {rule.keys[1]}"
            for rule in parse_hcl(policy)
            for item in rule.value
            for capability in item.value
        }

    def discovery_of(self, permissions: Iterable[str]) -> Discovery:
        name = f"reader-{secrets.token_hex(3)}"
        by_path: dict[str, list[str]] = {}
        for permission in permissions:
            capability, path = permission.split(" ", 1)
            by_path.setdefault(path, []).append(capability)
        rules = [f'path "{path}" {{ capabilities = {json.dumps(each)} }}' for path, each in by_path.items()]
        self.root.sys.create_or_update_policy(name, "\n".join(rules))
        return self.discovery_with(self.token(policies=[name])["client_token"])

    def discovery_of_nobody(self) -> Discovery:
        self.secrets.append("a-token-of-nobody")
        return self.discovery_with("a-token-of-nobody")

    def discovery_with(self, token: str) -> Discovery:
        """A discovery by whoever has a token; its session takes it from the environment at once."""
        self._environment.setenv("VAULT_TOKEN", token)
        return Discovery("default", VaultConnection(), now)


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def self_signed(name: str, *, authority: bool = False) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begins = datetime.now(UTC).replace(microsecond=0)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    dated = made.not_valid_before(begins).not_valid_after(begins + timedelta(days=30))
    dated = dated.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    return dated.serial_number(x509.random_serial_number()).sign(key, hashes.SHA256())
