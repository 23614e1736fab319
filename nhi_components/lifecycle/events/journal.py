"""The journal: events as they came, kept in the inventory until what they make stale has been read again.

All that is done at once is done in one transaction, so that a kill between two steps neither loses an event nor takes
one for done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from nhi_components.core.links import System
from nhi_components.lifecycle.events.ports import Batch, Event, Used
from nhi_components.lifecycle.events.tables import event_cursors, events, partial_scans
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.store import Inventory, SectionState, inserting

KEPT: Final = timedelta(days=30)
"""How long an event that is done with is remembered. It may be told again for less: GitHub delivers again what is up to
3 days old ('Redelivering webhooks'), EventBridge tries for 24 hours ('Retry policy'); the rest is our own margin."""
AHEAD: Final = timedelta(minutes=5)
"""A use that is told for later than this from now is not believed: our own figure for clocks that differ."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event for which nothing has been read yet.

    Attributes:
        row: its key in the journal.
        event: what happened.
        ready_at: when its system shows what is after it.
    """

    row: str
    event: Event
    ready_at: datetime


class Journal:
    """The events of one inventory. May be used by several threads at once."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def cursor(self, reader: str) -> str | None:
        """Tell where a reader goes on; None when it has read nothing yet."""
        query = select(event_cursors.c.cursor).where(event_cursors.c.reader == reader)
        with self._inventory.reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def keep(self, reader: str, batch: Batch, now: datetime) -> int:
        """Keep a batch and where its reader goes on; tell how many of its events were not known yet."""
        with self._inventory.writing() as connection:
            rows = {row["row"]: row for row in (_row_of(each, now) for each in batch.told.events)}
            new = 0
            for row in rows.values():
                statement = inserting(connection, events).on_conflict_do_nothing().returning(events.c.row)
                new += len(connection.execute(statement, row).all())
            for used in batch.told.uses:
                if used.at <= now + AHEAD:
                    _note_use(connection, used)
            if batch.cursor is not None:
                told = {"reader": reader, "cursor": batch.cursor, "read_at": now}
                statement = inserting(connection, event_cursors)
                connection.execute(statement.on_conflict_do_update(index_elements=["reader"], set_=told), told)
            return new

    def forget(self, now: datetime) -> None:
        """Forget what was done with so long ago that it can't be told again."""
        with self._inventory.writing() as connection:
            connection.execute(delete(events).where(events.c.done_at < now - KEPT))

    def since(self) -> datetime | None:
        """Tell when the last full scan began that has ended, else one that has not; None when there is none."""
        full = select(func.max(tables.scans.c.started_at)).where(tables.scans.c.id.not_in(select(partial_scans.c.scan)))
        with self._inventory.reading() as connection:
            ended = connection.execute(full.where(tables.scans.c.ended_at.is_not(None))).scalar_one_or_none()
            begun: datetime | None = ended or connection.execute(full).scalar_one_or_none()
            return begun

    def waiting(self) -> list[Waiting]:
        """Give the events for which nothing is being read, the oldest first."""
        query = select(events).where(events.c.done_at.is_(None) & events.c.scan.is_(None))
        with self._inventory.reading() as connection:
            return [_waiting(row) for row in connection.execute(query.order_by(events.c.at, events.c.row))]

    def known(self, keys: Collection[str]) -> set[str]:
        """Tell which of some keys are those of identities that are there."""
        found = tables.identities
        query = select(found.c.key).where(found.c.key.in_(keys) & found.c.gone_at.is_(None))
        with self._inventory.reading() as connection:
            return set(connection.execute(query).scalars()) if keys else set()

    def sections(self, source: str) -> set[str]:
        """Name the sections of a source that the last full scan that ended has opened, or any scan since."""
        table = tables.sections
        of_source = table.c.source == source
        ended = tables.scans.c.ended_at.is_not(None) & tables.scans.c.id.not_in(select(partial_scans.c.scan))
        last = select(func.max(table.c.scan)).where(
            of_source & table.c.scan.in_(select(tables.scans.c.id).where(ended))
        )
        with self._inventory.reading() as connection:
            oldest = connection.execute(last).scalar_one() or 0
            return set(
                connection.execute(select(table.c.section).where(of_source & (table.c.scan >= oldest))).scalars()
            )

    def sources(self) -> set[str]:
        """Name the sources that any scan has read."""
        with self._inventory.reading() as connection:
            return set(connection.execute(select(tables.sections.c.source).distinct()).scalars())

    def begin(self, now: datetime, stale: Mapping[str, Iterable[str]], taken: Iterable[str]) -> int:
        """Begin a partial scan, and give its number.

        Args:
            now: the time.
            stale: the sections that it reads, by source.
            taken: rows of the events for which it reads them.
        """
        fresh = {"cursor": None, "pages": 0, "records": 0, "reason": "", "state": SectionState.OPEN}
        with self._inventory.writing() as connection:
            made = insert(tables.scans).values(started_at=now).returning(tables.scans.c.id)
            number = int(connection.execute(made).scalar_one())
            connection.execute(insert(partial_scans).values(scan=number))
            rows = [
                {**fresh, "scan": number, "source": source, "section": name}
                for source, names in stale.items()
                for name in sorted(set(names))
            ]
            connection.execute(insert(tables.sections), rows)
            _move(connection, taken, scan=number)
            return number

    def unfinished(self) -> tuple[int, datetime] | None:
        """Give number and start of a partial scan that has not ended; None when there is none."""
        partial = tables.scans.c.id.in_(select(partial_scans.c.scan)) & tables.scans.c.ended_at.is_(None)
        query = select(tables.scans).where(partial).order_by(tables.scans.c.id).limit(1)
        with self._inventory.reading() as connection:
            found = connection.execute(query).one_or_none()
        return (found.id, found.started_at) if found is not None else None

    def of_scan(self, scan: int) -> list[Waiting]:
        """Give the events for which a partial scan reads."""
        taken = (events.c.scan == scan) & events.c.done_at.is_(None)
        with self._inventory.reading() as connection:
            return [_waiting(row) for row in connection.execute(select(events).where(taken))]

    def fresh(self, told: Iterable[Event], now: datetime) -> list[Waiting]:
        """Give those of some events that are not in the journal, as they would wait in it."""
        rows = {row["row"]: row for row in (_row_of(each, now) for each in told)}
        found: list[Waiting] = []
        with self._inventory.reading() as connection:
            for key, row in rows.items():
                if connection.execute(select(events.c.row).where(events.c.row == key)).first() is None:
                    found.append(_waiting(SimpleNamespace(**row)))
        return found

    def done(self, rows: Iterable[str], now: datetime) -> None:
        """Note that all is read that some events have made stale."""
        with self._inventory.writing() as connection:
            _move(connection, rows, done_at=now)

    def release(self, rows: Iterable[str]) -> None:
        """Let events wait again, as something that they make stale could not be read."""
        with self._inventory.writing() as connection:
            _move(connection, rows, scan=None)


def _move(connection: Connection, rows: Iterable[str], **values: Any) -> None:
    for row in rows:
        connection.execute(update(events).where(events.c.row == row).values(**values))


def _row_of(event: Event, now: datetime) -> dict[str, Any]:
    itself = json.dumps([event.system, event.place, event.id])
    return {
        "row": hashlib.blake2b(itself.encode(), digest_size=16).hexdigest(),
        "system": event.system,
        "place": event.place,
        "id": event.id,
        "what": event.what,
        "at": event.at,
        "sections": list(event.sections),
        "otherwise": list(event.otherwise),
        "about": list(event.about),
        "unless_known": event.unless_known,
        # A clock that is ahead keeps no event waiting for longer than its system may take.
        "ready_at": min(event.at, now) + event.settles,
        "received_at": now,
    }


def _waiting(row: Any) -> Waiting:
    event = Event(
        System(row.system),
        row.place,
        row.id,
        row.at,
        row.what,
        tuple(row.sections),
        tuple(row.otherwise),
        row.unless_known,
        tuple(row.about),
    )
    return Waiting(row.row, event, row.ready_at)


def _note_use(connection: Connection, used: Used) -> None:
    """Only what the inventory has is noted, and only what is newer."""
    found = tables.identities
    whose = (found.c.key == used.identity) & (found.c.system == used.system)
    if used.unique_id:
        whose &= found.c.unique_id == used.unique_id
    newer = found.c.used_at.is_(None) | (found.c.used_at < used.at)
    connection.execute(update(found).where(whose & newer & found.c.gone_at.is_(None)).values(used_at=used.at))
    if used.credential:
        keys = tables.credentials
        which = (keys.c.identity == used.identity) & (keys.c.id == used.credential) & keys.c.gone_at.is_(None)
        newer = keys.c.used_at.is_(None) | (keys.c.used_at < used.at)
        connection.execute(update(keys).where(which & newer).values(used_at=used.at))
