"""The tables of cases, in the inventory's database: one row for each decommissioning, one for each of its stages."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table

from nhi_components.lifecycle.inventory.tables import UtcTime, metadata

cases: Final = Table(
    "cases",
    metadata,
    Column("id", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("digest", String(32), nullable=False),
    Column("key", String, nullable=False),
    Column("unique_id", String, nullable=False),
    Column("system", String, nullable=False),
    Column("place", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("approver", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("despite", JSON, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("notice_until", UtcTime, nullable=False),
    Column("notified_at", UtcTime),
    Column("grace_days", Integer, nullable=False),
    Column("disabled_at", UtcTime),
    Column("grace_until", UtcTime),
    Column("closed_at", UtcTime),
    Column("marked", Boolean, nullable=False),
    Column("before", String, nullable=False),
    Column("undo", JSON(none_as_null=True)),
    Column("held", JSON, nullable=False),
    Column("removed", JSON, nullable=False),
    Column("stopped", String, nullable=False),
    Column("record", JSON(none_as_null=True)),
)
"""Cases; those without `closed_at` are open."""
Index(
    "cases_open",
    cases.c.digest,
    unique=True,
    sqlite_where=cases.c.closed_at.is_(None),
    postgresql_where=cases.c.closed_at.is_(None),
)

case_stages: Final = Table(
    "case_stages",
    metadata,
    Column("case", ForeignKey("cases.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("stage", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("approver", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("told_at", UtcTime),
)
"""What became of each case, in order; without `told_at` the audit trail is still to be told."""
