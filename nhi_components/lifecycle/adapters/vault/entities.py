"""Entities and their aliases: who Vault takes a login for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nhi_components.core.tags import LeaseTags, lease_of_metadata
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.reach import ALIASES, ENTITIES

CUT_OFF = "nhi_cut_off"
"""The metadata key under which a cut-off notes its time on the entity that it disables."""

_BY_ID = "identity/entity/id"


@dataclass(frozen=True, slots=True)
class Alias:
    """What an alias is now.

    Attributes:
        unique_id: its id.
        entity: the id of the entity that it stands for.
        accessor: the accessor of the auth mount whose logins it is for.
        mount: that mount's path.
        role_name: the role behind it, as the newest login through AppRole or JWT has noted it; Kubernetes notes none.
        name: for AppRole it is the role id, half a credential, so it is never shown.
    """

    unique_id: str
    entity: str
    accessor: str
    mount: str
    role_name: str
    name: str = field(repr=False)

    @property
    def role_unique_id(self) -> str:
        """The fingerprint of the AppRole whose logins it is for."""
        return fingerprint(self.name)


@dataclass(frozen=True, slots=True)
class Entity:
    """What an entity is now."""

    unique_id: str
    name: str
    disabled: bool
    metadata: Mapping[str, str]
    aliases: tuple[Alias, ...]
    policies: tuple[str, ...] = ()

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of_metadata(self.metadata)

    @property
    def made_by_vault(self) -> bool:
        """Whether it is as Vault itself makes one at a login: nobody gave it metadata, policies or another alias."""
        return not self.policies and len(self.aliases) == 1 and set(self.metadata) <= {CUT_OFF}

    @property
    def cut_off_at(self) -> datetime | None:
        """When a cut-off disabled it; None when it is not disabled, or was by somebody else."""
        noted = self.metadata.get(CUT_OFF)
        return datetime.fromisoformat(noted) if noted and self.disabled else None


class Entities:
    """The entities of one Vault."""

    def __init__(self, http: VaultHttp) -> None:
        self._http = http

    def by_name(self, name: str) -> Entity | None:
        """Read an entity by its name."""
        return _entity(self._http.read(f"{ENTITIES}/{name}"))

    def by_id(self, unique_id: str) -> Entity | None:
        """Read an entity by its id."""
        return _entity(self._http.read(f"{_BY_ID}/{unique_id}"))

    def by_login(self, alias_name: str, mount_accessor: str) -> Entity | None:
        """Find the entity that logins of an alias are taken for."""
        found = self._http.write(
            "identity/lookup/entity", {"alias_name": alias_name, "alias_mount_accessor": mount_accessor}
        )
        return _entity(found)

    def names_with_ending(self, ending: str) -> list[str]:
        """List entities by the end of their names."""
        return [name for name in self._http.keys(ENTITIES) if name.endswith(ending)]

    def aliases(self) -> list[Alias]:
        """List every alias: one request."""
        known = self._http.listing(ALIASES).get("key_info") or {}
        return [_alias(unique_id, facts) for unique_id, facts in known.items()]

    def alias(self, unique_id: str) -> Alias | None:
        """Read an alias by its id."""
        facts = self._http.read(f"{ALIASES}/{unique_id}")
        return _alias(unique_id, facts) if facts else None

    def disable(self, entity: Entity, at: datetime) -> None:
        """Refuse its logins and its tokens, and note the time on it."""
        metadata = {**entity.metadata, CUT_OFF: at.astimezone(UTC).isoformat()}
        self._http.write(f"{_BY_ID}/{entity.unique_id}", {"disabled": True, "metadata": metadata})

    def admit(self, entity: Entity, lease: LeaseTags, *, suspended: bool) -> None:
        """Undo a cut-off, and mark it with the lease; a suspended identity's stays disabled."""
        kept = {key: value for key, value in entity.metadata.items() if key != CUT_OFF}
        metadata = {**kept, **lease.to_metadata()}
        if entity.disabled != suspended or metadata != entity.metadata:
            self._http.write(f"{_BY_ID}/{entity.unique_id}", {"disabled": suspended, "metadata": metadata})

    def delete(self, unique_id: str) -> None:
        """Delete an entity with its aliases; its tokens are refused from then on."""
        self._http.delete(f"{_BY_ID}/{unique_id}")

    def delete_alias(self, unique_id: str) -> None:
        """Delete an alias."""
        self._http.delete(f"{ALIASES}/{unique_id}")


def _entity(facts: Mapping[str, Any] | None) -> Entity | None:
    if not facts:
        return None
    return Entity(
        unique_id=facts["id"],
        name=facts["name"],
        disabled=bool(facts.get("disabled")),
        metadata=facts.get("metadata") or {},
        aliases=tuple(_alias(alias["id"], alias) for alias in facts.get("aliases") or ()),
        policies=tuple(facts.get("policies") or ()),
    )


def _alias(unique_id: str, facts: Mapping[str, Any]) -> Alias:
    metadata = facts.get("metadata") or {}
    return Alias(
        unique_id=unique_id,
        entity=facts["canonical_id"],
        accessor=facts["mount_accessor"],
        mount=str(facts.get("mount_path", "")).removeprefix("auth/").rstrip("/"),
        role_name=str(metadata.get("role_name") or metadata.get("role", "")),
        name=facts["name"],
    )
