"""Asking one verdict of an inventory that a test plants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.inventory.records import (
    Record,
)
from nhi_components.lifecycle.verdicts.estate import Estate, duckdb_estate
from tests.unit.verdicts.planting import exported, planted

Told = dict[str, list[tuple[str, str, int]]]
Query = Callable[[Estate], Any]
Find = Callable[..., Told]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """`find(query, scan, scan...)`: by name of the role, what the query tells: degree, reason, points."""

    def run(query: Query, *scans: Sequence[Record]) -> Told:
        inventory = planted(tmp_path, *scans)
        with duckdb_estate(exported(inventory, tmp_path)) as estate:
            asked = query(estate)
            rows = [
                row
                for table in (asked if isinstance(asked, list) else [asked])
                for row in table.to_pyarrow().to_pylist()
            ]
        inventory.close()
        told: Told = {}
        for row in sorted(rows, key=lambda row: (row["key"], row["degree"])):
            name = row["key"].rpartition("/")[2]
            told.setdefault(name, []).append((row["degree"], row["reason"], row["points"]))
        return told

    return run
