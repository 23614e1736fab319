"""Standing tokens as records: those that belong to no entity, and those that can be renewed for ever.

A token that a login gave belongs to an entity and ends soon: it is told with neither. Neither a token nor its accessor
is told, as an accessor is enough to revoke it: a fingerprint of the accessor stands for both. Sources: Vault
documentation, 'Tokens' (root, periodic and orphan tokens; batch tokens are in no list); HTTP API, '/auth/token'. Vault
does not tell when a token was last used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from nhi_components.core.inventory.records import FoundCredential, FoundIdentity, Guard, Record
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.discovery_policy import TOKENS
from nhi_components.lifecycle.adapters.vault.errors import Refused
from nhi_components.lifecycle.adapters.vault.found_entities import entity_key
from nhi_components.lifecycle.adapters.vault.found_policies import ROOT
from nhi_components.lifecycle.adapters.vault.found_reads import Looks, Walk, marks_in, texts
from nhi_components.lifecycle.adapters.vault.parallel import concurrently
from nhi_components.lifecycle.adapters.vault.reach import ACCESSORS, LOOK_UP_ACCESSOR
from nhi_components.lifecycle.adapters.vault.server_time import told_time
from nhi_components.lifecycle.discovery.ports import NotSeen, Section

_TOKEN: Final = "token"  # noqa: S105 - a kind, not a token
_PERIODIC: Final = "periodic-token"


def tokens(looks: Looks, name: str) -> Section:
    """Give the section of all standing tokens."""

    def after(cursor: str) -> Iterator[tuple[str, str]]:
        # A cursor is kept, so that it is a fingerprint too.
        known = sorted((fingerprint(accessor), accessor) for accessor in looks.names(ACCESSORS))
        return (each for each in known if each[0] > cursor)

    return Section(name, "standing tokens", TOKENS, Walk(after, lambda accessor: _token(looks, accessor)).page)


def token(looks: Looks, known: str) -> Iterator[Record]:
    """Yield what there is to tell of one standing token, by the fingerprint of its accessor; nothing for none."""
    for accessor in looks.names(ACCESSORS):
        if fingerprint(accessor) == known:
            yield from _token(looks, accessor)


def accessors_of(looks: Looks, wanted: Callable[[Mapping[str, Any]], bool]) -> list[str]:
    """List the accessors of tokens, but for the connection's own.

    Args:
        looks: at that Vault.
        wanted: tells by what Vault says of a token whether it is meant.
    """
    accessors = [each for each in looks.names(ACCESSORS) if each != looks.identity.accessor]
    told = concurrently(lambda each: _looked_up(looks, each), accessors)
    return [each for each, facts in zip(accessors, told, strict=True) if facts and wanted(facts)]


def _token(looks: Looks, accessor: str) -> Iterator[Record]:
    known, facts = fingerprint(accessor), _looked_up(looks, accessor)
    if not facts:
        return
    entity, created = str(facts.get("entity_id") or ""), datetime.fromtimestamp(int(facts["creation_time"]), UTC)
    ends = told_time(facts.get("expire_time"))
    if entity:
        if facts.get("period"):
            yield FoundCredential(entity_key(looks, entity), _PERIODIC, known, created, ends)
        return
    key = looks.key(f"{ACCESSORS}/{known}")
    held = texts(facts.get("policies"))
    guard = Guard.CALLER if accessor == looks.identity.accessor else Guard.BREAK_GLASS if ROOT in held else None
    yield FoundIdentity(
        key=key,
        system=System.VAULT,
        place=looks.identity.place,
        kind=LinkKind.VAULT_TOKEN,
        name=str(facts.get("display_name", "")),
        unique_id=known,
        created_at=created,
        marks=marks_in(facts.get("meta")),
        guard=guard,
    )
    yield FoundCredential(key, _PERIODIC if facts.get("period") else _TOKEN, known, created, ends)
    yield from looks.carriers(key, held)


def _looked_up(looks: Looks, accessor: str) -> Mapping[str, Any]:
    """Look a token up; nothing when it has ended since it was listed, or is just ending, when Vault denies the look."""
    try:
        return looks.look_up(LOOK_UP_ACCESSOR, {"accessor": accessor})
    except Refused:
        return {}
    except NotSeen:
        own = looks.identity.accessor
        if accessor == own or not looks.look_up(LOOK_UP_ACCESSOR, {"accessor": own}):
            raise
        return {}
