"""What the connection's token can look at: mounts that it sees, lists that it may ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from nhi_components.core.lease_id import KV_FOLDER
from nhi_components.core.links import LinkKind, NotChecked, System
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.kv import is_kv_v2
from nhi_components.lifecycle.ports import BlindSpot

POLICIES = "sys/policies/acl"
ENTITIES = "identity/entity/name"
ALIASES = "identity/entity-alias/id"
ACCESSORS = "auth/token/accessors"
LOOK_UP_ACCESSOR = "auth/token/lookup-accessor"
REVOKE_ACCESSOR = "auth/token/revoke-accessor"
REVOKE_LEASE = "sys/leases/revoke"

_LIST = "list"
_UPDATE = "update"
_LIST_AND_SUDO = "list and sudo"


_FEDERATED = {
    "jwt": LinkKind.VAULT_JWT_ROLE,
    "oidc": LinkKind.VAULT_JWT_ROLE,
    "kubernetes": LinkKind.VAULT_KUBERNETES_ROLE,
}
"""The kind of the roles of each auth method whose tokens to log in with are issued elsewhere."""


@dataclass(frozen=True, slots=True)
class FederatedMount:
    """An auth mount for tokens that are issued elsewhere.

    Attributes:
        path: its path.
        accessor: its accessor, which one made anew at that path does not share.
        kind: what its roles are.
    """

    path: str
    accessor: str
    kind: LinkKind


@dataclass(frozen=True, slots=True)
class Reach:
    """What can be looked at.

    Attributes:
        approle_mounts: accessor of each AppRole auth mount by its path.
        federated_mounts: each JWT, OIDC and Kubernetes auth mount by its path.
        token_accessor: the accessor of the token auth mount; empty when the token does not see it.
        kv_mounts: paths of the KV v2 mounts.
        database_mounts: paths of the database engines.
        pki_mounts: paths of the PKI engines.
        refused: for each path that the token may not use, the kind of what is then unseen and the right it lacks.
    """

    approle_mounts: Mapping[str, str]
    federated_mounts: Mapping[str, FederatedMount]
    token_accessor: str
    kv_mounts: tuple[str, ...]
    database_mounts: tuple[str, ...]
    pki_mounts: tuple[str, ...]
    refused: Mapping[str, tuple[LinkKind, str]]

    def allows(self, path: str) -> bool:
        """Tell whether the token may use a path as the survey does."""
        return path not in self.refused

    @property
    def sees_tokens(self) -> bool:
        """Tell whether tokens can be listed, looked up and revoked."""
        return all(self.allows(path) for path in (ACCESSORS, LOOK_UP_ACCESSOR, REVOKE_ACCESSOR))

    def blind_spots(self, connection: str) -> list[BlindSpot]:
        """Tell what stays unseen, and how to let the connection see it."""
        return [
            BlindSpot(System.VAULT, connection, kind, NotChecked(self.refusal(path)))
            for path, (kind, _) in self.refused.items()
        ]

    def refusal(self, path: str) -> str:
        """Tell of a path that the token may not use how to let it."""
        _, right = self.refused[path]
        return f"the connection's token may not use {path}; fix: grant it {right} there in a policy"


def look(http: VaultHttp) -> Reach:
    """Ask which mounts the token sees and which lists it may ask for: two requests."""
    mounts = http.read("sys/internal/ui/mounts") or {}
    auth = {path.rstrip("/"): mount for path, mount in (mounts.get("auth") or {}).items()}
    approle = {path: mount["accessor"] for path, mount in auth.items() if mount["type"] == "approle"}
    federated = {
        path: FederatedMount(path, mount["accessor"], _FEDERATED[mount["type"]])
        for path, mount in auth.items()
        if mount["type"] in _FEDERATED
    }
    engines = {path.rstrip("/"): mount for path, mount in (mounts.get("secret") or {}).items()}
    kv = tuple(path for path, mount in engines.items() if is_kv_v2(mount))
    database = tuple(path for path, mount in engines.items() if mount["type"] == "database")
    pki = tuple(path for path, mount in engines.items() if mount["type"] == "pki")
    wanted = {
        POLICIES: (LinkKind.VAULT_POLICY, _LIST),
        ENTITIES: (LinkKind.VAULT_ENTITY, _LIST),
        ALIASES: (LinkKind.VAULT_ENTITY_ALIAS, _LIST),
        ACCESSORS: (LinkKind.VAULT_TOKEN, _LIST_AND_SUDO),
        LOOK_UP_ACCESSOR: (LinkKind.VAULT_TOKEN, _UPDATE),
        REVOKE_ACCESSOR: (LinkKind.VAULT_TOKEN, _UPDATE),
        **{roles_of(mount): (LinkKind.VAULT_APPROLE, _LIST) for mount in approle},
        **{roles_of(mount.path): (mount.kind, _LIST) for mount in federated.values()},
        **{entries_of(mount): (LinkKind.VAULT_KV_PATH, _LIST) for mount in kv},
        **_wanted_of_issuers(database, pki),
    }
    # A policy may name a list with or without the slash at its end; Vault honours both.
    paths = [spelled for path in wanted for spelled in (path, f"{path}/")]
    granted = http.write("sys/capabilities-self", {"paths": paths})
    refused = {
        path: (kind, right)
        for path, (kind, right) in wanted.items()
        if not _suffices({*granted.get(path, ()), *granted.get(f"{path}/", ())}, right)
    }
    return Reach(approle, federated, str(auth.get("token", {}).get("accessor", "")), kv, database, pki, refused)


def roles_of(mount: str) -> str:
    """Where the roles of an auth mount are listed."""
    return f"auth/{mount}/role"


def entries_of(mount: str) -> str:
    """Where our folder of a KV v2 mount is listed."""
    return f"{mount}/metadata/{KV_FOLDER}"


def engine_roles_of(mount: str) -> str:
    """Where the roles of a database or PKI engine are listed."""
    return f"{mount}/roles"


def leases_of(mount: str) -> str:
    """Where the leases of a database engine are listed."""
    return f"sys/leases/lookup/{mount}/creds"


def certificates_of(mount: str) -> str:
    """Where the certificates of a PKI engine are listed."""
    return f"{mount}/certs"


def revocations_of(mount: str) -> str:
    """Where certificates of a PKI engine are revoked."""
    return f"{mount}/revoke"


def _wanted_of_issuers(database: Collection[str], pki: Collection[str]) -> dict[str, tuple[LinkKind, str]]:
    """What is looked at of the engines that issue credentials."""
    return {
        **({REVOKE_LEASE: (LinkKind.VAULT_LEASE, _UPDATE)} if database else {}),
        **{engine_roles_of(mount): (LinkKind.VAULT_DATABASE_ROLE, _LIST) for mount in database},
        **{leases_of(mount): (LinkKind.VAULT_LEASE, _LIST_AND_SUDO) for mount in database},
        **{engine_roles_of(mount): (LinkKind.VAULT_PKI_ROLE, _LIST) for mount in pki},
        **{certificates_of(mount): (LinkKind.VAULT_CERTIFICATE, _LIST) for mount in pki},
        **{revocations_of(mount): (LinkKind.VAULT_CERTIFICATE, _UPDATE) for mount in pki},
    }


def _suffices(granted: set[str], right: str) -> bool:
    return "root" in granted or granted.issuperset(right.split(" and "))
