"""Everything that the inventory knows of one identity: what it has, may do, how it is reached, and what has changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from nhi_components.core.inventory.records import FoundCredential, FoundDependent, FoundGrant, FoundStep, Use
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.reading import Listed
from nhi_components.lifecycle.inventory.store import Inventory


@dataclass(frozen=True, slots=True)
class Held:
    """A privilege that an identity holds.

    Attributes:
        grant: with its holder: the identity, or the last of the carriers.
        through: the carriers by which the identity has it, outermost last; none where it holds it itself.
    """

    grant: FoundGrant
    through: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a scan found changed.

    Attributes:
        at: when the scan began; for what was seen to be gone, when that was.
        what: has changed.
        before: its value; None for none.
        after: likewise.
    """

    at: datetime
    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Details:
    """What is known of one identity beside what a list shows.

    Attributes:
        credentials: also those that cannot be used.
        grants: what it may do, itself and through carriers.
        ways_in: who may become it.
        dependents: what depends on it.
        changes: oldest first.
    """

    credentials: tuple[FoundCredential, ...]
    grants: tuple[Held, ...]
    ways_in: tuple[FoundStep, ...]
    dependents: tuple[FoundDependent, ...]
    changes: tuple[Change, ...]


def details(inventory: Inventory, identity: Listed) -> Details:
    """Read everything that is known of an identity."""
    key = identity.key
    with inventory.reading() as connection:
        return Details(
            credentials=tuple(_credential(row) for row in _living(connection, tables.credentials, "identity", key)),
            grants=tuple(_held(connection, key)),
            ways_in=tuple(
                FoundStep(row.source_key, row.target, row.how, row.condition)
                for row in _living(connection, tables.steps, "target", key)
            ),
            dependents=_dependents(connection, key),
            changes=tuple(sorted(_changes(connection, identity), key=lambda each: (each.at, each.what))),
        )


def _living(connection: Connection, table: Table, about: str, name: str) -> list[Row[Any]]:
    query = select(table).where((table.c[about] == name) & table.c.gone_at.is_(None)).order_by(table.c.row)
    return list(connection.execute(query))


def _credential(row: Row[Any]) -> FoundCredential:
    use = Use(row.used_at, row.watched_since, row.use_as_of)
    return FoundCredential(row.identity, row.kind, row.id, row.created_at, row.expires_at, row.disabled, use)


def _held(connection: Connection, key: str) -> Iterator[Held]:
    """Follow carriers to carriers, each once, by the shortest way."""
    seen = {key}
    left: deque[tuple[str, tuple[str, ...]]] = deque([(key, ())])
    while left:
        holder, through = left.popleft()
        for row in _living(connection, tables.grants, "holder", holder):
            grant = FoundGrant(row.holder, row.privilege, row.target, row.denied, row.condition, row.via)
            yield Held(grant, through)
        for row in _living(connection, tables.carriers, "identity", holder):
            if row.carrier not in seen:
                seen.add(row.carrier)
                left.append((row.carrier, (*through, row.carrier)))


def _dependents(connection: Connection, key: str) -> tuple[FoundDependent, ...]:
    rows = _living(connection, tables.dependents, "identity", key)
    told = {FoundDependent(row.identity, row.kind, row.name) for row in rows}
    return tuple(sorted(told, key=lambda each: (each.kind, each.name)))


def _changes(connection: Connection, identity: Listed) -> Iterator[Change]:
    at = {row.id: row.started_at for row in connection.execute(select(tables.scans))}
    found = tables.identities
    own = (found.c.key == identity.key) & (found.c.unique_id == identity.unique_id)
    firsts = list(connection.execute(select(found.c.first_scan).where(own)).scalars())
    yield Change(at[min(firsts)], "found", None, None)
    if identity.gone_at:
        yield Change(identity.gone_at, "gone", None, None)
    table = tables.changes
    own = (table.c.key == identity.key) & (table.c.unique_id == identity.unique_id)
    for row in connection.execute(select(table).where(own)):
        yield Change(at[row.scan], row.field, row.before, row.after)
    table = tables.knowledge
    for row in connection.execute(select(table).where(table.c.identity == identity.key)):
        what = f"{row.subject}, by {row.told_by}"
        if row.first_scan > min(firsts):
            yield Change(at[row.first_scan], what, None, row.value)
        if row.gone_at:
            yield Change(row.gone_at, what, row.value, None)
