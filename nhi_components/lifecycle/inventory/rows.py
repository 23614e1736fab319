"""Records as rows of the inventory's tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sqlalchemy import Table

from nhi_components.core.inventory.records import (
    Claim,
    Declaration,
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundDocument,
    FoundGrant,
    FoundIdentity,
    FoundPerson,
    FoundStep,
    Knowledge,
    Record,
    Use,
)
from nhi_components.lifecycle.inventory import tables

Row = dict[str, Any]


class _Kept(NamedTuple):
    """How one type of record is kept.

    Attributes:
        table: where.
        itself: columns that make a row the same row in a later scan.
        renamed: columns of another name than their field.
    """

    table: Table
    itself: tuple[str, ...]
    renamed: Mapping[str, str] = MappingProxyType({})


_KEPT: Final[Mapping[type, _Kept]] = {
    FoundIdentity: _Kept(tables.identities, ("key", "unique_id")),
    FoundCredential: _Kept(tables.credentials, ("identity", "kind", "id")),
    FoundCarrier: _Kept(tables.carriers, ("identity", "carrier")),
    FoundGrant: _Kept(tables.grants, ("holder", "privilege", "target", "denied", "condition", "via")),
    FoundDocument: _Kept(tables.documents, ("holder", "kind", "name")),
    FoundStep: _Kept(tables.steps, ("source_key", "target", "how", "condition"), {"source": "source_key"}),
    FoundDependent: _Kept(tables.dependents, ("identity", "kind", "name")),
    Knowledge: _Kept(tables.knowledge, ("identity", "subject", "value", "told_by"), {"source": "told_by"}),
    Declaration: _Kept(
        tables.declarations,
        ("identity", "unique_id", "stack", "address"),
        {"where": "stack", "commit": "revision"},
    ),
    FoundPerson: _Kept(tables.people, ("id",)),
    Claim: _Kept(
        tables.claims,
        ("named_by", "which", "system", "place", "unique_id", "subject", "value", "told_by"),
        {"source": "told_by"},
    ),
}
_COLUMNS: Final = {
    kind: tuple((field.name, kept.renamed.get(field.name, field.name)) for field in fields(kind))
    for kind, kept in _KEPT.items()
}
"""The fields of each type of record with the columns that keep them."""


def rows_of(records: Sequence[Record], source: str, section: str, scan: int) -> dict[Table, list[Row]]:
    """Sort records into rows by their tables; of those that are the same row the last is taken.

    Args:
        records: of one page.
        source: `SYSTEM/PLACE`.
        section: of that source.
        scan: number of the scan.
    """
    found: dict[Table, dict[str, Row]] = {}
    for record in records:
        kept = _KEPT[type(record)]
        told = _told(record)
        itself = [source, section, *(told[name] for name in kept.itself)]
        row = hashlib.blake2b(json.dumps(itself, default=str).encode(), digest_size=16).hexdigest()
        seen = {"row": row, "source": source, "section": section, "first_scan": scan, "last_scan": scan}
        found.setdefault(kept.table, {})[row] = {**seen, **told, "gone_at": None}
    return {table: list(rows.values()) for table, rows in found.items()}


def _told(record: Record) -> Row:
    told: Row = {column: getattr(record, field) for field, column in _COLUMNS[type(record)]}
    if "marks" in told:
        told["marks"] = dict(sorted(told["marks"].items()))
    if "use" in told:
        use: Use = told.pop("use")
        told |= {"used_at": use.at, "watched_since": use.watched_since, "use_as_of": use.as_of}
    return told
