"""Entities and groups as records: who logins are taken for, and what that gives them.

Sources: Vault HTTP API, 'Entity', 'Group'. Neither tells of uses: the `last_update_time` of an entity, and of an alias,
stays as it is when somebody logs in again (measured on OpenBao 2.7.2). The name of an alias of AppRole is the role id,
half a credential, so that a fingerprint stands for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.core.inventory.records import FoundCarrier, FoundIdentity, FoundStep, Guard, Record
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.discovery_policy import ENTITIES, GROUPS
from nhi_components.lifecycle.adapters.vault.found_reads import Looks, marks_in, paged, texts
from nhi_components.lifecycle.adapters.vault.server_time import told_time
from nhi_components.lifecycle.discovery.ports import Section

GROUP: Final = "identity-group"
"""The kind of carrier that a group is."""
_ENTITIES: Final = "identity/entity/id"
_GROUPS: Final = "identity/group/id"


def entity_key(looks: Looks, unique_id: str) -> str:
    """Name an entity in the whole organisation."""
    return looks.key(f"{_ENTITIES}/{unique_id}")


def role_id_key(looks: Looks, mount: str, role_fingerprint: str) -> str:
    """Name whoever logs in by the role id of an AppRole: the step between the role and its entity."""
    return looks.key(f"auth/{mount}/role-id/{role_fingerprint}")


def entities(looks: Looks, name: str) -> Section:
    """Give the section of all entities."""
    read = paged(lambda: looks.names(_ENTITIES), lambda unique_id: _entity(looks, unique_id))
    return Section(name, "entities", ENTITIES, read)


def entity(looks: Looks, unique_id: str) -> Iterator[Record]:
    """Yield what there is to tell of one entity; nothing when it is not there."""
    return _entity(looks, unique_id)


def groups(looks: Looks, name: str) -> Section:
    """Give the section of what groups hold."""
    read = paged(lambda: looks.names(_GROUPS), lambda unique_id: _group(looks, unique_id))
    return Section(name, "what groups hold", GROUPS, read)


def _entity(looks: Looks, unique_id: str) -> Iterator[Record]:
    facts = looks.read(f"{_ENTITIES}/{unique_id}")
    if not facts:
        return
    key = entity_key(looks, unique_id)
    yield FoundIdentity(
        key=key,
        system=System.VAULT,
        place=looks.identity.place,
        kind=LinkKind.VAULT_ENTITY,
        name=str(facts["name"]),
        unique_id=unique_id,
        created_at=told_time(facts.get("creation_time")),
        disabled=bool(facts.get("disabled")),
        marks=marks_in(facts.get("metadata")),
        guard=Guard.CALLER if unique_id == looks.identity.entity else None,
    )
    yield from looks.carriers(key, texts(facts.get("policies")))
    yield from _in_groups(looks, key, facts.get("direct_group_ids"))
    for alias in facts.get("aliases") or ():
        yield _step(looks, key, alias)


def _group(looks: Looks, unique_id: str) -> Iterator[Record]:
    """A member of a group has what the groups above it hold as well."""
    facts = looks.read(f"{_GROUPS}/{unique_id}")
    holder = looks.key(f"{_GROUPS}/{unique_id}")
    yield from looks.carriers(holder, texts(facts.get("policies")))
    yield from _in_groups(looks, holder, facts.get("parent_group_ids"))


def _in_groups(looks: Looks, member: str, unique_ids: object) -> Iterator[Record]:
    for unique_id in texts(unique_ids):
        yield FoundCarrier(member, looks.key(f"{_GROUPS}/{unique_id}"), GROUP)


def _step(looks: Looks, entity: str, alias: Mapping[str, Any]) -> FoundStep:
    mount, name = str(alias.get("mount_path", "")).removeprefix("auth/").rstrip("/"), str(alias["name"])
    noted = alias.get("metadata") or {}
    if alias.get("mount_type") == "approle":
        return FoundStep(role_id_key(looks, mount, fingerprint(name)), entity, "alias")
    if alias.get("mount_type") == "userpass":
        return FoundStep(looks.key(f"auth/{mount}/users/{name}"), entity, "alias")
    # The newest login notes its role; before the first one there is only the name that its issuer gives.
    role = noted.get("role")
    source = looks.key(f"auth/{mount}/role/{role}") if role else name
    return FoundStep(source, entity, "alias", json.dumps({"alias": name, "mount": mount}))
