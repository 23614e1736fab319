"""Judging an inventory and keeping what was found: since when each verdict stands, and when it was cleared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Connection, case, func, select, update

from nhi_components.core.inventory.verdicts import Judged, Verdict
from nhi_components.lifecycle.inventory.store import Inventory, inserting
from nhi_components.lifecycle.verdicts.estate import Estate, duckdb_estate, export
from nhi_components.lifecycle.verdicts.judging import judge
from nhi_components.lifecycle.verdicts.settings import VerdictSettings
from nhi_components.lifecycle.verdicts.tables import verdicts

_AT_ONCE: Final = 2000

Opening = Callable[[Path], AbstractContextManager[Estate]]
"""Lends exported tables to an engine; see `estate.duckdb_estate` and `estate.spark_estate`."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What judging an inventory has found.

    Attributes:
        standing: how many verdicts stand now.
        found: those that did not stand before, by key and verdict.
        cleared: those that no longer stand.
    """

    standing: int
    found: tuple[Judged, ...]
    cleared: tuple[Judged, ...]


def assess(
    inventory: Inventory,
    settings: VerdictSettings,
    now: datetime,
    opening: Opening = duckdb_estate,
    tell: Callable[[Assessment], None] = lambda _: None,
) -> Assessment:
    """Judge every identity of an inventory, and keep the verdicts there, all or nothing.

    Args:
        inventory: what scans have found.
        settings: what the team sets.
        now: this moment (aware).
        opening: which engine runs the queries.
        tell: is told what has changed, before that is kept for good: what it can't tell is found anew later.
    """
    with TemporaryDirectory(prefix="nhi-estate-") as folder:
        export(inventory, Path(folder))
        with opening(Path(folder)) as estate, inventory.writing() as connection:
            for batch in judge(estate, settings, now).to_pyarrow().to_batches(max_chunksize=_AT_ONCE):
                _keep(connection, batch, now)
            changed = _settle(connection, now)
            tell(changed)
    return changed


def standing(inventory: Inventory, chosen: Iterable[Verdict] = ()) -> list[Judged]:
    """Give the verdicts that stand, all or some, by key.

    Args:
        inventory: where they were kept.
        chosen: which; empty for all.
    """
    query = select(verdicts).where(verdicts.c.cleared_at.is_(None)).order_by(verdicts.c.key, verdicts.c.row)
    if kinds := list(chosen):
        query = query.where(verdicts.c.verdict.in_(kinds))
    with inventory.reading() as connection:
        return [_judged(row) for row in connection.execute(query)]


def _keep(connection: Connection, batch: pa.RecordBatch, now: datetime) -> None:
    rows = [
        {**row, "row": _row_of(row), "since": now, "judged_at": now, "cleared_at": None} for row in batch.to_pylist()
    ]
    if not rows:
        return
    statement = inserting(connection, verdicts)
    fresh = statement.excluded
    refreshed = {name: fresh[name] for name in ("reason", "points", "judged_at", "cleared_at")}
    since = case((verdicts.c.cleared_at.is_(None), verdicts.c.since), else_=fresh.since)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["row"], set_={**refreshed, "since": since}), rows
    )


def _row_of(row: dict[str, Any]) -> str:
    itself = "\0".join(row[name] for name in ("key", "unique_id", "verdict", "degree"))
    return hashlib.blake2b(itself.encode(), digest_size=16).hexdigest()


def _settle(connection: Connection, now: datetime) -> Assessment:
    """Clear what was not found again, and tell what has changed."""
    stands = verdicts.c.cleared_at.is_(None)
    lapsed = stands & (verdicts.c.judged_at != now)
    cleared = list(_chosen(connection, lapsed))
    connection.execute(update(verdicts).where(lapsed).values(cleared_at=now))
    found = list(_chosen(connection, stands & (verdicts.c.since == now)))
    many = connection.execute(select(func.count()).select_from(verdicts).where(stands)).scalar_one()
    return Assessment(many, tuple(found), tuple(cleared))


def _chosen(connection: Connection, which: Any) -> Iterator[Judged]:
    query = select(verdicts).where(which).order_by(verdicts.c.key, verdicts.c.row)
    yield from (_judged(row) for row in connection.execute(query))


def _judged(row: Any) -> Judged:
    return Judged(row.key, row.unique_id, Verdict(row.verdict), row.degree, row.reason, row.points)
