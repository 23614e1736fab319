"""Writing scans into the inventory, a page at a time, so that a kill loses no page and repeats none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Table,
    case,
    create_engine,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from nhi_components.core.errors import NhiError, Problem, SpecError
from nhi_components.lifecycle.discovery.ports import Page
from nhi_components.lifecycle.events.tables import partial_scans
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.claims import CLAIMED, settled
from nhi_components.lifecycle.inventory.rows import Row, rows_of
from nhi_components.lifecycle.inventory.schema import bring_up_to_date

_AT_ONCE: Final = 500
"""Rows a statement; SQLite takes 32,766 values in one (sqlite.org/limits.html, SQLITE_MAX_VARIABLE_NUMBER)."""
_WATCHED: Final = ("name", "kind", "disabled", "marks", "guard", "gone_at")
"""What of an identity is kept in `changes` when it changes."""
_NEWEST: Final = frozenset({"last_scan", "used_at"})
"""Of these the later one stays: scans overlap, and events may have told of a use before the system's own list does."""


class SectionState(StrEnum):
    """How far a section has been read."""

    OPEN = "open"
    READ = "read"
    UNSEEN = "unseen"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SectionProgress:
    """How far a scan has read one section.

    Attributes:
        source: `SYSTEM/PLACE`.
        section: its name.
        state: how far.
        cursor: where it goes on; None for the beginning.
        pages: how many were read.
        records: how many stood on them.
        reason: why it was not seen, or failed.
    """

    source: str
    section: str
    state: SectionState
    cursor: str | None
    pages: int
    records: int
    reason: str


class Inventory:
    """A database that holds what scans have found. May be used by several threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Lend a connection for queries."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Lend a connection for changes that are made all or not at all."""
        with self._engine.begin() as connection:
            yield connection

    def begin(self, now: datetime) -> int:
        """Begin a scan, and give its number."""
        with self._engine.begin() as connection:
            made = insert(tables.scans).values(started_at=now).returning(tables.scans.c.id)
            return int(connection.execute(made).scalar_one())

    def unfinished(self) -> tuple[int, datetime] | None:
        """Give number and start of the last full scan when it has not ended; None when it has, or there is none."""
        full = tables.scans.c.id.not_in(select(partial_scans.c.scan))
        query = select(tables.scans).where(full).order_by(tables.scans.c.id.desc()).limit(1)
        with self._engine.connect() as connection:
            last = connection.execute(query).one_or_none()
        return (last.id, last.started_at) if last is not None and last.ended_at is None else None

    def open_sections(self, scan: int, source: str, names: Iterable[str]) -> None:
        """Take sections into a scan; those that are in it already stay as they are."""
        with self._engine.begin() as connection:
            self._open(connection, scan, source, names)

    def progress(self, scan: int, *states: SectionState) -> list[SectionProgress]:
        """Tell how far a scan has read its sections, all or those in some states, by source and name."""
        table = tables.sections
        query = select(table).where(table.c.scan == scan).order_by(table.c.source, table.c.section)
        if states:
            query = query.where(table.c.state.in_(states))
        with self._engine.connect() as connection:
            return [
                SectionProgress(
                    row.source, row.section, SectionState(row.state), row.cursor, row.pages, row.records, row.reason
                )
                for row in connection.execute(query)
            ]

    def write(self, scan: int, source: str, section: str, page: Page, now: datetime) -> None:
        """Write a page, where the section goes on, and the sections that the page opens, all or nothing.

        After the last page what the section had told before, and has not told in this scan, is gone.
        """
        with self._engine.begin() as connection:
            for table, rows in rows_of(page.records, source, section, scan).items():
                if table is tables.identities:
                    _note_changes(connection, scan, rows)
                for part in _parts(rows):
                    _put(connection, table, part)
            self._open(connection, scan, source, page.opens)
            counted = {"pages": tables.sections.c.pages + 1, "records": tables.sections.c.records + len(page.records)}
            state = SectionState.READ if page.next is None else SectionState.OPEN
            self._move(connection, scan, source, section, cursor=page.next, state=state, reason="", **counted)
            if page.next is None:
                _mark_gone(connection, scan, source, section, now)

    def restart(self, scan: int, source: str, section: str) -> None:
        """Have a section read again from its beginning."""
        with self._engine.begin() as connection:
            self._move(connection, scan, source, section, cursor=None, state=SectionState.OPEN)

    def give_up(self, scan: int, source: str, section: str, state: SectionState, reason: str) -> None:
        """Note that a section was not seen, or failed; nothing that it has told before counts as gone for that."""
        with self._engine.begin() as connection:
            self._move(connection, scan, source, section, state=state, reason=reason)

    def end(self, scan: int, now: datetime, sources: Collection[str] | None = None) -> None:
        """Note that nothing of a scan is left to be read.

        A section that no scan opens any more, as the project that it was of is gone, has its rows gone as well. Whom
        claims are about is found anew.

        Args:
            scan: its number.
            now: the time.
            sources: those whose sections may count as closed, as a partial scan has read all of them; None for every
                source of the scan.
        """
        with self._engine.begin() as connection:
            _mark_closed_sections_gone(connection, scan, now, sources)
            # Claims are settled as of now, whichever scan ends: gone is all of them that is not put again.
            newest = connection.execute(select(func.max(tables.scans.c.id))).scalar_one()
            _mark_gone(connection, newest + 1, *CLAIMED, now)
            for table, rows in rows_of(settled(connection), *CLAIMED, newest).items():
                for part in _parts(rows):
                    _put(connection, table, part)
            connection.execute(update(tables.scans).where(tables.scans.c.id == scan).values(ended_at=now))

    def _open(self, connection: Connection, scan: int, source: str, names: Iterable[str]) -> None:
        fresh = {"scan": scan, "source": source, "cursor": None, "pages": 0, "records": 0, "reason": ""}
        rows = [{**fresh, "section": name, "state": SectionState.OPEN} for name in dict.fromkeys(names)]
        if rows:
            connection.execute(inserting(connection, tables.sections).on_conflict_do_nothing(), rows)

    def _move(self, connection: Connection, scan: int, source: str, section: str, **values: Any) -> None:
        table = tables.sections
        where = (table.c.scan == scan) & (table.c.source == source) & (table.c.section == section)
        connection.execute(update(table).where(where).values(**values))


def open_inventory(where: str | Path, *, must_exist: bool = False) -> Inventory:
    """Open an inventory, and make the tables that it lacks; see `schema`.

    Args:
        where: a file for SQLite, or a URL of SQLAlchemy, such as `postgresql+psycopg://host/nhi`.
        must_exist: refuse a file that is not there, instead of making it.

    Raises:
        SpecError: it cannot be opened, or a newer release has made it; the URL is told without its password.
    """
    url = make_url(where) if isinstance(where, str) and "://" in where else make_url(f"sqlite:///{where}")
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    if file and must_exist and not file.exists():
        fix = "run `nhi discover` first, or correct --inventory or NHI_INVENTORY"
        raise SpecError("inventory", [Problem("inventory", f"no {file}", "an inventory", fix)])
    try:
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise _unopened(url, error) from None
    if engine.dialect.name not in _DIALECTS:
        raise NhiError(f"inventory: {engine.dialect.name} is not known; use a file for SQLite, or PostgreSQL")
    try:
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _for_sqlite)
        with engine.begin() as connection:
            bring_up_to_date(connection)
    except DBAPIError as error:
        raise _unopened(url, error) from None
    return Inventory(engine)


def _unopened(url: URL, error: Exception) -> SpecError:
    told = url.render_as_string(hide_password=True)
    fix = "correct it, install its driver, or start the database; without it a file is used"
    problem = Problem("inventory", f"{told} ({type(error).__name__})", "a database that can be opened", fix)
    return SpecError("inventory", [problem])


_DIALECTS: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def _for_sqlite(connection: Any, _: object) -> None:
    # Readers are not kept waiting while a page is written, and a page is on the disk once it is written.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=60000")


def inserting(connection: Connection, table: Table) -> Any:
    """Begin an insertion that may say what happens on a conflict, in the database's own dialect."""
    return _DIALECTS[connection.dialect.name](table)


def _put(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or refresh those that are there; when they were first seen stays."""
    statement = inserting(connection, table)
    kept = {"row", "first_scan"}
    columns = [column for column in table.c if column.name not in kept]
    refreshed = {column.name: _refreshed(column, statement.excluded[column.name]) for column in columns}
    connection.execute(statement.on_conflict_do_update(index_elements=["row"], set_=refreshed), rows)


def _refreshed(before: ColumnElement[Any], after: ColumnElement[Any]) -> ColumnElement[Any]:
    stays = after.is_(None) | (before > after)
    return case((stays, before), else_=after) if before.key in _NEWEST else after


def _note_changes(connection: Connection, scan: int, rows: Sequence[Row]) -> None:
    table = tables.identities
    now = {row["row"]: row for row in rows}
    for part in _parts(list(now)):
        for before in connection.execute(select(table).where(table.c.row.in_(part))).mappings().all():
            after = now[before["row"]]
            changed = [
                {"field": field, "before": _text(before[field]), "after": _text(after[field])}
                for field in _WATCHED
                if before[field] != after[field]
            ]
            if changed:
                whose = {"scan": scan, "key": before["key"], "unique_id": before["unique_id"]}
                statement = inserting(connection, tables.changes).on_conflict_do_nothing()
                connection.execute(statement, [whose | change for change in changed])


def _mark_gone(connection: Connection, scan: int, source: str, section: str, now: datetime) -> None:
    """What a scan that began later has told of the section meanwhile is not gone."""
    for table in tables.FOUND:
        where = (table.c.source == source) & (table.c.section == section) & (table.c.last_scan < scan)
        connection.execute(update(table).where(where & table.c.gone_at.is_(None)).values(gone_at=now))


def _mark_closed_sections_gone(
    connection: Connection, scan: int, now: datetime, sources: Collection[str] | None
) -> None:
    """Only for sources of which this scan has seen everything: else a section may just not have been opened."""
    table = tables.sections
    unread = select(table.c.source).where((table.c.scan == scan) & (table.c.state != SectionState.READ))
    whole = select(table.c.source).where((table.c.scan == scan) & table.c.source.not_in(unread)).distinct()
    if sources is not None:
        whole = whole.where(table.c.source.in_(sources))
    opened = select(func.count()).select_from(table).where(table.c.scan == scan)
    for found in tables.FOUND:
        is_opened = opened.where((table.c.source == found.c.source) & (table.c.section == found.c.section))
        closed = found.c.source.in_(whole) & (is_opened.scalar_subquery() == 0) & (found.c.last_scan < scan)
        connection.execute(update(found).where(closed & found.c.gone_at.is_(None)).values(gone_at=now))


def _parts(whole: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for at in range(0, len(whole), _AT_ONCE):
        yield whole[at : at + _AT_ONCE]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
