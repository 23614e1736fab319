"""An inventory as tables that an engine of Ibis queries: Parquet files, read by DuckDB here or by Spark on a fleet.

The engines read no database of ours, so that neither its driver nor its password is theirs to have. What has to be
known in Python is worked out while a table is written: the lease that marks tell, and the names by which a stack or
state may call an identity.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import JSON, Boolean, Connection, Integer, Table, select

from nhi_components.core.errors import NhiError
from nhi_components.core.inventory.knowing import ends_of_marks, lease_of_marks, stack_of_marks
from nhi_components.core.inventory.owning import names_of
from nhi_components.core.inventory.records import Subject
from nhi_components.core.links import System
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.store import Inventory

if TYPE_CHECKING:
    import ibis

_AT_ONCE: Final = 20_000
_UNUSED: Final = frozenset({"row", "section", "marks"})
"""Columns that no query asks for."""
_TEXT: Final = pa.string()
_TIME: Final = pa.timestamp("us")
"""In UTC, which no engine then turns into a time zone of its own."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Derived:
    """A table that is worked out of another one while that is written.

    Attributes:
        schema: its columns.
        rows: gives its rows of one row of the other.
    """

    schema: pa.Schema
    rows: Callable[[Row], Iterator[Row]]


def _columns(**kinds: pa.DataType) -> pa.Schema:
    return pa.schema(list(kinds.items()))


def _ours(row: Row) -> Row:
    """Tell what the marks of an identity say of its lease."""
    marks = row["marks"]
    return {"lease": lease_of_marks(marks), "ends": ends_of_marks(marks), "of_stack": stack_of_marks(marks)}


def _called(row: Row) -> Iterator[Row]:
    """Yield every name by which a declaration may call an identity; see `core.inventory.declaring`."""
    key = row["key"]
    names = {key.casefold() if row["system"] == System.AZURE else key}
    if row["system"] == System.KUBERNETES:
        names.add(key.partition(": ")[2])
    elif row["system"] == System.VAULT:
        parts = key.split("/")
        names.update("/".join(parts[at:]) for at in range(1, len(parts)))
    for name in sorted(names):
        yield {"key": key, "unique_id": row["unique_id"], "system": row["system"], "called": name}


def _named(row: Row) -> Iterator[Row]:
    """Yield a person once for each name; whom no directory tells of any longer has left."""
    stays = row["gone_at"] is None
    told = {"active": row["active"] and stays, "since": row["since"] if stays else row["gone_at"]}
    for name in row["names"]:
        yield {"name": name.lower(), "told_in": row["last_scan"] if stays else 0, **told}


def _owned(row: Row) -> Iterator[Row]:
    """Yield an owner once for each name under which a directory may know them, the likeliest first."""
    if row["subject"] == Subject.OWNER:
        for rank, name in enumerate(names_of(row["value"])):
            yield {"key": row["identity"], "owner": row["value"], "name": name, "rank": rank}


_MORE: Final[Mapping[Table, tuple[Mapping[str, pa.DataType], Callable[[Row], Row]]]] = {
    tables.identities: ({"lease": _TEXT, "ends": pa.date32(), "of_stack": _TEXT}, _ours),
}
_DERIVED: Final[Mapping[Table, Mapping[str, Derived]]] = {
    tables.identities: {
        "called": Derived(
            pa.schema([(name, pa.string()) for name in ("key", "unique_id", "system", "called")]), _called
        )
    },
    tables.people: {"names": Derived(_columns(name=_TEXT, told_in=pa.int64(), active=pa.bool_(), since=_TIME), _named)},
    tables.knowledge: {"owners": Derived(_columns(key=_TEXT, owner=_TEXT, name=_TEXT, rank=pa.int64()), _owned)},
}
_WITH_HISTORY: Final = frozenset({tables.declarations, tables.dependents, tables.people})
"""Tables of which also what is gone is asked for."""


@dataclass(frozen=True, slots=True)
class Estate:
    """The identities of an inventory as an engine has them.

    Attributes:
        backend: of Ibis.
        tables: by the names that `tables` of the inventory have, and `called`, `names` and `owners`.
    """

    backend: Any
    tables: Mapping[str, ibis.Table]

    def __getitem__(self, name: str) -> ibis.Table:
        """Give a table; all but declarations, dependents and people hold only what is still there."""
        return self.tables[name]


def export(inventory: Inventory, folder: Path) -> None:
    """Write what an inventory holds as Parquet, one file a table.

    Args:
        inventory: what scans have found.
        folder: is there, and empty.
    """
    with inventory.reading() as connection:
        for table in (tables.scans, *tables.FOUND):
            _write(connection, table, folder)


@contextmanager
def duckdb_estate(folder: Path, *, memory: str | None = None) -> Iterator[Estate]:
    """Lend exported tables to DuckDB, in this process.

    Args:
        folder: as `export` has written it.
        memory: the most that DuckDB may take, such as `2GB`; None for its own default.
    """
    import ibis

    with TemporaryDirectory(prefix="nhi-verdicts-") as spill:
        backend = ibis.duckdb.connect(temp_directory=spill, **({"memory_limit": memory} if memory else {}))
        try:
            yield _estate(backend, folder)
        finally:
            backend.disconnect()


@contextmanager
def spark_estate(folder: Path, master: str = "local[*]") -> Iterator[Estate]:
    """Lend exported tables to Spark.

    Args:
        folder: as `export` has written it; every worker reads it under that path.
        master: the URL of the cluster; `local[*]` for this machine.

    Raises:
        NhiError: there is no Java, which Spark's driver runs in.
    """
    import ibis
    from pyspark.sql import SparkSession

    if not os.environ.get("JAVA_HOME") and not shutil.which("java"):
        raise NhiError("spark: got no Java, expected 17 or newer; fix: install it or set JAVA_HOME, or take DuckDB")
    session = (
        SparkSession.builder.master(master)
        .appName("nhi verdicts")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    try:
        backend = ibis.pyspark.connect(session)
        yield _estate(backend, folder)
    finally:
        session.stop()


def _estate(backend: Any, folder: Path) -> Estate:
    files = sorted(folder.glob("*.parquet"))
    return Estate(backend, {file.stem: backend.read_parquet(file, table_name=file.stem) for file in files})


def _write(connection: Connection, table: Table, folder: Path) -> None:
    kept = [column for column in table.c if column.name not in _UNUSED and not isinstance(column.type, JSON)]
    more, work_out = _MORE.get(table, ({}, lambda _: {}))
    derived = _DERIVED.get(table, {})
    # Only what something is worked out of is read row by row, under the names of its columns.
    asked = list(table.c) if more or derived else kept
    query = select(*asked)
    if "gone_at" in table.c and table not in _WITH_HISTORY:
        query = query.where(table.c.gone_at.is_(None))
    schema = pa.schema([*((column.name, _arrow(column.type)) for column in kept), *more.items()])
    found = connection.execution_options(stream_results=True, yield_per=_AT_ONCE).execute(query)
    with ExitStack() as stack:
        writer = stack.enter_context(pq.ParquetWriter(folder / f"{table.name}.parquet", schema))
        others = {
            name: stack.enter_context(pq.ParquetWriter(folder / f"{name}.parquet", each.schema))
            for name, each in derived.items()
        }
        for part in found.partitions(_AT_ONCE):
            rows = [dict(row._mapping) for row in part] if more or derived else []
            told = dict(zip((column.name for column in asked), zip(*part, strict=True), strict=True))
            if more:
                worked_out = [work_out(row) for row in rows]
                told |= {name: tuple(each[name] for each in worked_out) for name in more}
            writer.write_batch(pa.record_batch([pa.array(told[field.name], field.type) for field in schema], schema))
            for name, each in derived.items():
                made = [row for given in rows for row in each.rows(given)]
                others[name].write_batch(pa.RecordBatch.from_pylist(made, each.schema))


def _arrow(kind: Any) -> pa.DataType:
    if isinstance(kind, tables.UtcTime):
        return _TIME
    if isinstance(kind, Boolean):
        return pa.bool_()
    return pa.int64() if isinstance(kind, Integer) else pa.string()
