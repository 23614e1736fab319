"""The tables of the inventory.

Each row of what was found says which section of which source told it, in which scan it was first and last seen, and
when it was seen to be gone; nothing is ever deleted or overwritten without a trace: what changes about an identity is
kept in `changes`. A row's own key is a digest of what makes it itself, as databases index no long texts. Times are in
UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
)

metadata: Final = MetaData()


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, so that it is given back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Write in UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read as UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


scans: Final = Table(
    "scans",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)
"""One run of `nhi discover`, however often it was killed and went on."""

sections: Final = Table(
    "sections",
    metadata,
    Column("scan", ForeignKey("scans.id"), primary_key=True),
    Column("source", String, primary_key=True),
    Column("section", String, primary_key=True),
    Column("cursor", String),
    Column("pages", Integer, nullable=False, default=0),
    Column("records", Integer, nullable=False, default=0),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False, default=""),
)
"""How far a scan has read each section: its state is `open`, `read`, `unseen` or `failed`."""


def _found(name: str, *columns: Column[object], about: str) -> Table:
    """Make a table of what is found, whose `about` column names the identity or the holder."""
    table = Table(
        name,
        metadata,
        Column("row", String(32), primary_key=True),
        Column("source", String, nullable=False),
        Column("section", String, nullable=False),
        *columns,
        Column("first_scan", Integer, nullable=False),
        Column("last_scan", Integer, nullable=False),
        Column("gone_at", UtcTime),
    )
    Index(f"{name}_about", table.c[about])
    Index(f"{name}_section", table.c.source, table.c.section)
    return table


def _texts(*names: str) -> tuple[Column[object], ...]:
    return tuple(Column(name, String, nullable=False) for name in names)


def _use() -> tuple[Column[object], ...]:
    return (Column("used_at", UtcTime), Column("watched_since", UtcTime), Column("use_as_of", UtcTime))


identities: Final = _found(
    "identities",
    *_texts("key", "unique_id", "system", "place", "kind", "name"),
    Column("created_at", UtcTime),
    Column("disabled", Boolean, nullable=False),
    *_use(),
    Column("marks", JSON, nullable=False),
    Column("guard", String),
    about="key",
)
credentials: Final = _found(
    "credentials",
    *_texts("identity", "kind", "id"),
    Column("created_at", UtcTime),
    Column("expires_at", UtcTime),
    Column("disabled", Boolean, nullable=False),
    *_use(),
    about="identity",
)
carriers: Final = _found(
    "carriers",
    *_texts("identity", "carrier", "kind"),
    about="identity",
)
grants: Final = _found(
    "grants",
    *_texts("holder", "privilege", "target"),
    Column("denied", Boolean, nullable=False),
    *_texts("condition", "via"),
    about="holder",
)
documents: Final = _found(
    "documents",
    *_texts("holder", "kind", "name", "content"),
    about="holder",
)
steps: Final = _found(
    "steps",
    *_texts("source_key", "target", "how", "condition"),
    about="target",
)
dependents: Final = _found(
    "dependents",
    *_texts("identity", "kind", "name"),
    about="identity",
)
knowledge: Final = _found(
    "knowledge",
    *_texts("identity", "subject", "value", "told_by"),
    about="identity",
)
declarations: Final = _found(
    "declarations",
    *_texts("identity", "unique_id", "system", "kind", "manager", "stack", "address"),
    *_texts("repository", "revision", "folder"),
    about="identity",
)
people: Final = _found(
    "people",
    *_texts("id"),
    Column("names", JSON, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("since", UtcTime),
    about="id",
)
claims: Final = _found(
    "claims",
    *_texts("named_by", "which", "value", "told_by", "place", "unique_id"),
    Column("subject", String),
    Column("system", String),
    about="which",
)
"""What is said of identities, however they are named; whom it is about stands in `knowledge` and `dependents`."""
FOUND: Final = (
    identities,
    credentials,
    carriers,
    grants,
    documents,
    steps,
    dependents,
    knowledge,
    declarations,
    people,
    claims,
)
"""The tables of what scans find."""

changes: Final = Table(
    "changes",
    metadata,
    Column("scan", ForeignKey("scans.id"), primary_key=True),
    Column("key", String, primary_key=True),
    Column("unique_id", String, primary_key=True),
    Column("field", String, primary_key=True),
    Column("before", String),
    Column("after", String),
)
"""What a scan found changed about an identity."""
