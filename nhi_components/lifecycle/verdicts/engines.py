"""Keeping tables while verdicts are worked out: in DuckDB's memory, or on the executors of Spark.

A kept table is there until its engine is let go. What Ibis would do for it (12.0) is of no use: it drops tables of
DuckDB by statements that sqlglot 30 writes without the name, and it has Spark plan every round of a walk over all
rounds before it. There a table is kept as a checkpoint, which has no past.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    import ibis

    from nhi_components.lifecycle.verdicts.estate import Estate

_NUMBERS: Final = count()
_SPARK: Final = "pyspark"
_NO_INFERENCE: Final = "SET spark.sql.constraintPropagation.enabled=false"
"""Spark 4.3 infers filters from the past of a checkpoint, and fails where one is joined to itself: `key not found`."""


def keep(estate: Estate, table: ibis.Table) -> ibis.Table:
    """Work a table out now, and keep it."""
    backend, name = estate.backend, _name()
    query = backend.compile(table)
    if backend.name == _SPARK:
        backend.raw_sql(_NO_INFERENCE)
        backend.raw_sql(query).localCheckpoint().createOrReplaceTempView(name)
    else:
        backend.raw_sql(f"CREATE TEMP TABLE {name} AS {query}")
    kept: ibis.Table = backend.table(name)
    return kept


def bring(estate: Estate, table: pa.Table) -> ibis.Table:
    """Give the engine a table that was made here."""
    backend, name = estate.backend, _name()
    if backend.name == _SPARK:
        from pyspark.sql import SparkSession

        SparkSession.builder.getOrCreate().createDataFrame(table).createOrReplaceTempView(name)
    else:
        backend.con.register(name, table)
        kept = keep(estate, backend.table(name))
        backend.con.unregister(name)
        return kept
    brought: ibis.Table = backend.table(name)
    return brought


def size(table: ibis.Table) -> int:
    """Count the rows of a table."""
    return int(table.count().to_pyarrow().as_py())


def _name() -> str:
    return f"nhi_verdicts_{next(_NUMBERS)}"
