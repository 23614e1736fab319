"""The identities of a report, and their verdicts, as tables: CSV for people's sheets, Parquet for programs."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any, Final

from nhi_components.lifecycle.reporting.content import Content
from nhi_components.lifecycle.reporting.document import owasp_of, time_of

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, Any]
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a sheet takes for the beginning of a formula, or strips before one (owasp.org, CSV Injection)."""

_TEXT, _TEXTS, _NUMBER, _FLAG, _TIME = "text", "texts", "number", "flag", "time"
IDENTITIES: Final = {
    "key": _TEXT,
    "unique_id": _TEXT,
    "system": _TEXT,
    "place": _TEXT,
    "kind": _TEXT,
    "name": _TEXT,
    "owners": _TEXTS,
    "lease": _TEXT,
    "declared_by": _TEXTS,
    "judgement": _TEXT,
    "score": _NUMBER,
    "verdicts": _TEXTS,
    "owasp": _TEXTS,
    "created_at": _TIME,
    "last_used_at": _TIME,
    "use_watched_since": _TIME,
    "usable_credentials": _NUMBER,
    "dependents": _NUMBER,
    "disabled": _FLAG,
    "guard": _TEXT,
    "hops_to_admin": _NUMBER,
    "found_at": _TIME,
    "gone_at": _TIME,
}
"""Columns of the identities; `score` is empty, and not 0, for what was not judged."""
VERDICTS: Final = {
    "key": _TEXT,
    "unique_id": _TEXT,
    "system": _TEXT,
    "name": _TEXT,
    "verdict": _TEXT,
    "degree": _TEXT,
    "points": _NUMBER,
    "owasp": _TEXTS,
    "reason": _TEXT,
    "since": _TIME,
    "cleared_at": _TIME,
}
"""Columns of the verdicts, also of those that were cleared."""


def identity_rows(content: Content) -> Iterator[Row]:
    """Yield the identities, also those that are gone."""
    for each in content.identities:
        listed = each.listed
        way = content.becoming.ways.get(listed.key)
        yield {
            "key": listed.key,
            "unique_id": listed.unique_id,
            "system": listed.system.value,
            "place": listed.place,
            "kind": listed.kind,
            "name": listed.name,
            "owners": list(listed.owners),
            "lease": listed.lease,
            "declared_by": [f"{by.manager} {by.where}" for by in listed.declared_by],
            "judgement": each.judgement.value,
            "score": each.score,
            "verdicts": [f"{one.judged.verdict} {one.judged.degree}".strip() for one in each.standing],
            "owasp": [str(risk) for risk in owasp_of(each)],
            "created_at": listed.created_at,
            "last_used_at": listed.use.at,
            "use_watched_since": listed.use.watched_since,
            "usable_credentials": listed.credentials,
            "dependents": len(each.dependents),
            "disabled": listed.disabled,
            "guard": listed.guard,
            "hops_to_admin": way.hops if way else None,
            "found_at": each.found_at,
            "gone_at": listed.gone_at,
        }


def verdict_rows(content: Content) -> Iterator[Row]:
    """Yield the verdicts, by identity."""
    for each in content.identities:
        for stood in each.verdicts:
            judged = stood.judged
            yield {
                "key": judged.key,
                "unique_id": judged.unique_id,
                "system": each.listed.system.value,
                "name": each.listed.name,
                "verdict": judged.verdict.value,
                "degree": judged.degree,
                "points": judged.points,
                "owasp": [str(risk) for risk in judged.owasp],
                "reason": judged.reason,
                "since": stood.since,
                "cleared_at": stood.cleared_at,
            }


def as_csv(columns: Sequence[str], rows: Iterator[Row]) -> bytes:
    """Write rows as CSV in UTF-8; a text that a sheet would take for a formula begins with an apostrophe."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def as_parquet(columns: Mapping[str, str], rows: Iterator[Row]) -> bytes:
    """Write rows as Parquet; lists stay lists, times are in UTC."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, _arrow(kind)) for name, kind in columns.items()])
    whole = BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema), whole)
    return whole.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return time_of(value) or ""
    text = "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _arrow(kind: str) -> pa.DataType:
    import pyarrow as pa

    kinds = {
        _TEXT: pa.string(),
        _TEXTS: pa.list_(pa.string()),
        _NUMBER: pa.int64(),
        _FLAG: pa.bool_(),
        _TIME: pa.timestamp("us", tz="UTC"),
    }
    return kinds[kind]
