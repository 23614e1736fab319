"""The tables of the inventory that hold events, and which scans are partial.

An event is kept until it can't be told again, so that one that is told twice counts once. Of a record only what is
named here is kept: never its parameters, never a value. Times are in UTC.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table

from nhi_components.lifecycle.inventory.tables import UtcTime, metadata

events: Final = Table(
    "events",
    metadata,
    Column("row", String(32), primary_key=True),
    *(Column(name, String, nullable=False) for name in ("system", "place", "id", "what")),
    Column("at", UtcTime, nullable=False),
    Column("sections", JSON, nullable=False),
    Column("otherwise", JSON, nullable=False),
    Column("about", JSON, nullable=False),
    Column("unless_known", String),
    Column("ready_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("scan", Integer),
    Column("done_at", UtcTime),
)
"""What happened; `scan` is the partial scan that reads what it made stale, `done_at` when that was read."""
Index("events_done", events.c.done_at)

event_cursors: Final = Table(
    "event_cursors",
    metadata,
    Column("reader", String, primary_key=True),
    Column("cursor", String, nullable=False),
    Column("read_at", UtcTime, nullable=False),
)
"""Where each reader of events goes on."""

partial_scans: Final = Table(
    "partial_scans",
    metadata,
    Column("scan", ForeignKey("scans.id"), primary_key=True),
)
"""The scans that read just some sections; a full scan that was stopped goes on, however many of them began since."""
