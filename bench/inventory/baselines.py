"""What the stages are compared with: sqlite3 and SQL without our layers, and networkx."""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import astuple, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import networkx as nx
import pyarrow.parquet as pq

from bench.inventory.estate import NOW, administrators, parts

_OLDEST_USE = 30
_OLDEST_KEY = 90


def plain_sqlite(file: Path, identities: int) -> tuple[float, Mapping[str, int]]:
    """Write the same records into bare tables: no keys, no history, no digests, one transaction a page."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode=WAL")
    seconds, records = 0.0, 0
    made: set[str] = set()
    for part in parts(identities):
        begun = time.perf_counter()
        by_type: dict[type, list[tuple[str, ...]]] = defaultdict(list)
        for record in part.records:
            by_type[type(record)].append(tuple(map(str, astuple(record))))
        for kind, rows in by_type.items():
            columns = [f'"{field.name}"' for field in fields(kind)]
            if kind.__name__ not in made:
                made.add(kind.__name__)
                connection.execute(f"CREATE TABLE {kind.__name__} ({', '.join(columns)})")
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {kind.__name__} VALUES ({marks})", rows)  # noqa: S608 - our own names
        connection.commit()
        seconds += time.perf_counter() - begun
        records += len(part.records)
    connection.close()
    return seconds, {"records": records}


def plain_sql(file: Path) -> tuple[float, Mapping[str, int]]:
    """Ask SQLite itself for four verdicts, on the inventory's own tables."""
    used, made = (str((NOW - timedelta(days=days)).replace(tzinfo=None)) for days in (_OLDEST_USE, _OLDEST_KEY))
    queries: dict[str, tuple[str, tuple[Any, ...]]] = {
        "unowned": (
            "SELECT count(*) FROM identities i WHERE i.gone_at IS NULL AND NOT EXISTS (SELECT 1 FROM knowledge k WHERE "
            "k.identity = i.key AND k.subject = 'owner' AND k.gone_at IS NULL)",
            (),
        ),
        "unused": (
            "SELECT count(*) FROM (SELECT i.key FROM identities i LEFT JOIN credentials c ON c.identity = i.key AND "
            "NOT c.disabled AND c.gone_at IS NULL WHERE i.gone_at IS NULL GROUP BY i.key, i.unique_id "
            "HAVING max(max(i.used_at, coalesce(c.used_at, i.used_at))) <= ?)",
            (f"{used}.000000",),
        ),
        "endless": (
            "SELECT count(DISTINCT identity) FROM credentials WHERE expires_at IS NULL AND NOT disabled "
            "AND gone_at IS NULL",
            (),
        ),
        "old-credential": (
            "SELECT count(DISTINCT identity) FROM credentials WHERE NOT disabled AND gone_at IS NULL "
            "AND created_at <= ? AND (expires_at IS NULL OR expires_at > ?)",
            (f"{made}.000000", str(NOW.replace(tzinfo=None))),
        ),
    }
    connection = sqlite3.connect(file)
    begun = time.perf_counter()
    found = {name: connection.execute(query, values).fetchone()[0] for name, (query, values) in queries.items()}
    seconds = time.perf_counter() - begun
    connection.close()
    return seconds, found


def walk_of_networkx(folder: Path, identities: int) -> tuple[float, Mapping[str, int]]:
    """Give networkx the names and steps as we have read them, and let it walk back from the administrators."""
    begun = time.perf_counter()
    names = pq.read_table(folder / "names.parquet", columns=["node", "name"])
    steps = pq.read_table(folder / "steps.parquet", columns=["source", "target"])
    graph: nx.DiGraph[tuple[str, str]] = nx.DiGraph()
    pairs = zip(steps["target"].to_pylist(), steps["source"].to_pylist(), strict=True)
    graph.add_edges_from((("node", target), ("name", source)) for target, source in pairs)
    pairs = zip(names["name"].to_pylist(), names["node"].to_pylist(), strict=True)
    graph.add_edges_from((("name", name), ("node", node)) for name, node in pairs)
    goals = {("node", each) for each in administrators(identities)} & set(graph)
    reached = {each for each in nx.multi_source_dijkstra_path_length(graph, goals) if each[0] == "node"} - goals
    return time.perf_counter() - begun, {"path-to-admin": len(reached)}
