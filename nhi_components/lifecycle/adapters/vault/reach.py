"""What the connection's token can look at: mounts that it sees, lists that it may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nhi_components.core.lease_id import KV_FOLDER
from nhi_components.core.links import LinkKind, NotChecked, System
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.ports import BlindSpot

POLICIES = "sys/policies/acl"
ENTITIES = "identity/entity/name"
ALIASES = "identity/entity-alias/id"
ACCESSORS = "auth/token/accessors"
LOOK_UP_ACCESSOR = "auth/token/lookup-accessor"
REVOKE_ACCESSOR = "auth/token/revoke-accessor"

_LIST = "list"
_UPDATE = "update"
_LIST_AND_SUDO = "list and sudo"


@dataclass(frozen=True, slots=True)
class Reach:
    """What can be looked at.

    Attributes:
        approle_mounts: accessor of each AppRole auth mount by its path.
        kv_mounts: paths of the KV v2 mounts.
        refused: for each path that the token may not use, the kind of what is then unseen and the right it lacks.
    """

    approle_mounts: Mapping[str, str]
    kv_mounts: tuple[str, ...]
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
            BlindSpot(
                System.VAULT,
                connection,
                kind,
                NotChecked(f"the connection's token may not use {path}; fix: grant it {right} there in a policy"),
            )
            for path, (kind, right) in self.refused.items()
        ]


def look(http: VaultHttp) -> Reach:
    """Ask which mounts the token sees and which lists it may ask for: two requests."""
    mounts = http.read("sys/internal/ui/mounts") or {}
    approle = {path.rstrip("/"): m["accessor"] for path, m in mounts.get("auth", {}).items() if m["type"] == "approle"}
    kv = tuple(path.rstrip("/") for path, mount in mounts.get("secret", {}).items() if _is_kv_v2(mount))
    wanted = {
        POLICIES: (LinkKind.VAULT_POLICY, _LIST),
        ENTITIES: (LinkKind.VAULT_ENTITY, _LIST),
        ALIASES: (LinkKind.VAULT_ENTITY_ALIAS, _LIST),
        ACCESSORS: (LinkKind.VAULT_TOKEN, _LIST_AND_SUDO),
        LOOK_UP_ACCESSOR: (LinkKind.VAULT_TOKEN, _UPDATE),
        REVOKE_ACCESSOR: (LinkKind.VAULT_TOKEN, _UPDATE),
        **{roles_of(mount): (LinkKind.VAULT_APPROLE, _LIST) for mount in approle},
        **{entries_of(mount): (LinkKind.VAULT_KV_PATH, _LIST) for mount in kv},
    }
    # A policy may name a list with or without the slash at its end; Vault honours both.
    paths = [spelled for path in wanted for spelled in (path, f"{path}/")]
    granted = http.write("sys/capabilities-self", {"paths": paths})
    refused = {
        path: (kind, right)
        for path, (kind, right) in wanted.items()
        if not _suffices({*granted.get(path, ()), *granted.get(f"{path}/", ())}, right)
    }
    return Reach(approle, kv, refused)


def roles_of(mount: str) -> str:
    """Where the roles of an AppRole mount are listed."""
    return f"auth/{mount}/role"


def entries_of(mount: str) -> str:
    """Where our folder of a KV v2 mount is listed."""
    return f"{mount}/metadata/{KV_FOLDER}"


def _is_kv_v2(mount: Mapping[str, object]) -> bool:
    options = mount.get("options")
    return mount.get("type") == "kv" and isinstance(options, Mapping) and options.get("version") == "2"


def _suffices(granted: set[str], right: str) -> bool:
    return "root" in granted or granted.issuperset(right.split(" and "))
