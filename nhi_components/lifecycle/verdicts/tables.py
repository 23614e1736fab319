"""The table of the inventory that keeps verdicts, with their history."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, String, Table

from nhi_components.lifecycle.inventory.tables import UtcTime, metadata

verdicts: Final = Table(
    "verdicts",
    metadata,
    Column("row", String(32), primary_key=True),
    Column("key", String, nullable=False),
    Column("unique_id", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("degree", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("points", Integer, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("judged_at", UtcTime, nullable=False),
    Column("cleared_at", UtcTime),
)
"""A verdict stands since it was first found, until a later judgement no longer finds it."""

Index("verdicts_about", verdicts.c.key)
