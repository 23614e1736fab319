"""Vault: AppRoles, federated roles, certificates, entities and tokens in a namespace of a real OpenBao."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import hvac
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tools.estate.truth import (
    ADMINISTRATOR,
    ANN,
    DUPLICATE,
    ENDLESS,
    ESCALATING,
    EVE,
    EXPIRED_CREDENTIAL,
    GHOST,
    OLD_90,
    OLD_180,
    OLD_365,
    OWNER_LEFT,
    OWNER_UNKNOWN,
    PATH,
    SHADOW,
    STACK_GONE,
    UNOWNED,
    WILDCARD,
    By,
    Ledger,
    Resource,
    Told,
)
from tools.lab.sandbox.vault import Vault

NAMESPACE: Final = "estate"
_ALL: Final = ("create", "read", "update", "delete", "list")

Rules = Mapping[str, Sequence[str]]


class VaultEstate:
    """Plants one namespace.

    Args:
        server: the server.
        ledger: takes what is planted.
    """

    def __init__(self, server: Vault, ledger: Ledger) -> None:
        self._ledger = ledger
        self.root: hvac.Client = server.client()
        health = self.root.sys.read_health_status(method="GET")
        self._place = f"{health['cluster_id']}/{NAMESPACE}"
        self.root.write(f"sys/namespaces/{NAMESPACE}")
        self.root.adapter.namespace = NAMESPACE
        for method in ("approle", "cert", "kubernetes"):
            self.root.sys.enable_auth_method(method)
        host = {"kubernetes_host": "https://cluster.example:6443", "kubernetes_ca_cert": "none"}
        self.root.write("auth/kubernetes/config", token_reviewer_jwt="none", **host)  # noqa: S106 - of nobody

    def approle(
        self,
        name: str,
        *told: Told,
        rules: Rules | None = None,
        policy: str = "",
        secret_id: str = "",
        by: By = By.STATE,
        **about: Any,
    ) -> str:
        """Make an AppRole with a policy of its own; give its key.

        Args:
            name: its name.
            told: what must be told of it.
            rules: capabilities by path; without any it may read one entry of its own.
            policy: one that is there, in place of one of its own.
            secret_id: for how long a secret id lives that is made for it, `0` for ever; empty for none.
            by: what answers for it.
            about: more for `Ledger.plant`.
        """
        policy = policy or self.policy(name, rules or {f"kv/data/{name}": ["read"]})
        settings = {"secret_id_ttl": secret_id} if secret_id else {}
        self.root.auth.approle.create_or_update_approle(name, token_policies=[policy], **settings)
        if secret_id:
            self.root.auth.approle.generate_secret_id(name)
        return self._plant(
            f"auth/approle/role/{name}", "appRole/authBackendRole:AuthBackendRole", *told, by=by, **about
        )

    def policy(self, name: str, rules: Rules) -> str:
        """Write a policy; give its name."""
        written = (
            f'path "{path}" {{ capabilities = [{", ".join(map(_quoted, held))}] }}' for path, held in rules.items()
        )
        self.root.sys.create_or_update_policy(name, "\n".join(written))
        return name

    def for_account(self, name: str, account: str, space: str, *told: Told, rules: Rules, **about: Any) -> str:
        """Make a role by which a service account of a cluster logs in; give its key."""
        bound = {"bound_service_account_names": [account], "bound_service_account_namespaces": [space]}
        self.root.write(f"auth/kubernetes/role/{name}", token_policies=[self.policy(name, rules)], **bound)
        token = "kubernetes/authBackendRole:AuthBackendRole"  # noqa: S105 - a type
        return self._plant(f"auth/kubernetes/role/{name}", token, *told, **about)

    def plant(self) -> None:
        """Plant all that lives in this namespace alone."""
        for number in range(12):
            self.approle(f"reader-{number:02}", secret_id="1h" if number % 3 == 0 else "")
        self._answering()
        self._ageing()
        self._powerful()
        self._leading()

    def _answering(self) -> None:
        for number in range(2):
            self.approle(f"by-hand-{number}", SHADOW, by=By.NOTHING, why="made by hand")
            self.approle(f"nobodys-{number}", UNOWNED, owners=(), why="nobody is said to own it")
            self.approle(f"left-behind-{number}", OWNER_LEFT, owners=(EVE,), why="its owner has left")
            self.approle(f"strange-{number}", OWNER_UNKNOWN, owners=(GHOST,), why="no directory has its owner")
            self.policy("shared", {"kv/data/shared": ["read"]})
            self.approle(f"twin-{number}", DUPLICATE, policy="shared", why="does the same as another")
            self._entity(f"entity-{number}", {"owner": ANN})
        self.approle("twin-in-prod", policy="shared", environment="prod", why="serves another environment")
        self.approle("dropped", STACK_GONE, SHADOW, by=By.WAS, why="its stack has dropped it")
        self.approle("moved", by=By.MOVED, why="another stack declares it now")

    def _entity(self, name: str, metadata: dict[str, str]) -> None:
        self.policy(name, {f"kv/data/{name}": ["read"]})
        made = self.root.write("identity/entity", name=name, policies=[name], metadata=metadata)["data"]["id"]
        fields = {"id": made, "namespace": NAMESPACE}
        resource = Resource("vault:identity/entity:Entity", "vault_identity_entity", fields)
        key = f"{self._place}/identity/entity/id/{made}"
        self._ledger.plant("vault", key, by=By.STACK, owners=(), resource=resource, why="owned by its metadata")

    def _ageing(self) -> None:
        for number in range(2):
            self.approle(f"for-ever-{number}", ENDLESS, secret_id="0", why="a secret id never ends")  # noqa: S106
        for begun, ends, *told in (
            (100, 100, OLD_90),
            (200, 100, OLD_180),
            (400, 100, OLD_365),
            (80, 5),
            (400, -5, EXPIRED_CREDENTIAL),
        ):
            self._certificate(f"certificate-{begun}-{ends}".replace("--", "-ended-"), begun, ends, *told)

    def _certificate(self, name: str, begun: int, ends: int, *told: Told) -> None:
        self.policy(name, {f"kv/data/{name}": ["read"]})
        trusted = _self_signed(name, begun, ends)
        self.root.write(
            f"auth/cert/certs/{name}", certificate=trusted, allowed_common_names=[name], token_policies=[name]
        )
        token = "index/certAuthBackendRole:CertAuthBackendRole"  # noqa: S105 - a type
        self._plant(f"auth/cert/certs/{name}", token, *told, why=f"a certificate of {begun} days, for {ends} more")

    def _powerful(self) -> None:
        every = {"*": [*_ALL, "sudo"]}
        self.approle("admin", ADMINISTRATOR, rules=every, why="everything")
        self.approle("other-admin", ADMINISTRATOR, rules={**every, "sys/seal": ["deny"]}, why="nearly everything")
        raising = {"policies": "sys/policies/acl/*", "methods": "sys/auth/*"}
        for name, path in raising.items():
            rules = {path: ["create", "update", "sudo"]}
            self.approle(f"rewrites-{name}", ESCALATING, rules=rules, why="as good as an administrator")
        self.approle("owns-kv", WILDCARD, rules={"kv/*": _ALL}, why="everything on a whole mount")
        self.approle("owns-other", WILDCARD, rules={"other/*": _ALL}, why="everything on a whole mount")
        near: dict[str, Rules] = {
            "reads-policies": {"sys/policies/acl/*": ["read", "list"]},
            "own-folder": {"kv/data/own-folder/*": _ALL},
            "denied": {"sys/policies/acl/*": ["deny"], "kv/data/denied": ["read"]},
        }
        for name, held in near.items():
            self.approle(name, rules=held, why="less than it looks")

    def _leading(self) -> None:
        path = "auth/approle/role"
        becomes = {f"{path}/admin/secret-id": ["create", "update"], f"{path}/admin/role-id": ["read"]}
        self.approle("makes-secret-id", PATH, rules=becomes, why="makes a secret id of an administrator")
        hop = {f"{path}/makes-secret-id/secret-id": ["create", "update"], f"{path}/makes-secret-id/role-id": ["read"]}
        self.approle("two-hops", PATH, rules=hop, why="one hop more")
        self.approle("reads-admin", rules={f"{path}/admin": ["read"]}, why="may look at an administrator's role")
        denied = {**becomes, f"{path}/admin/secret-id": ["deny"]}
        self.approle("denied-hop", rules=denied, why="is denied the secret ids of an administrator")
        plain = {f"{path}/reader-01/secret-id": ["create", "update"], f"{path}/reader-01/role-id": ["read"]}
        self.approle("to-plain", rules=plain, why="becomes a harmless one")

    def _plant(self, path: str, token: str, *told: Told, by: By = By.STATE, **about: Any) -> str:
        types = {"appRole": "approle", "kubernetes": "kubernetes", "index": "cert"}
        terraform = f"vault_{types[token.partition('/')[0]]}_auth_backend_role"
        resource = Resource(f"vault:{token}", terraform, {"id": path, "namespace": NAMESPACE})
        return self._ledger.plant("vault", f"{self._place}/{path}", *told, by=by, resource=resource, **about)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _self_signed(name: str, begun: int, ends: int) -> str:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(called, called, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=begun)).not_valid_after(now + timedelta(days=ends))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
