"""The inventory in PostgreSQL, the real server: the same scans leave the same there as in a file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from nhi_components.core.inventory.records import FoundCredential, FoundGrant, Use
from nhi_components.lifecycle.discovery.scanning import Scanner
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.reading import Chosen, listed
from nhi_components.lifecycle.inventory.store import open_inventory
from tests.unit.discovery.fakes import NOW, PlannedDiscovery, role
from tools.lab.sandbox.ports import LOOPBACK
from tools.lab.sandbox.postgres import SUPERUSER, Postgres

KEY = "arn:aws:iam::111111111111:role/a"
FIRST = {
    "roles": [
        [role("a", marks={"team": "payments"}, created_at=NOW), FoundGrant(KEY, "sqs:*", "*" * 5_000, condition="{}")],
        [role("b", use=Use(NOW, NOW - timedelta(days=400), NOW)), FoundCredential(KEY, "access-key", "AKIA1", NOW)],
    ]
}
SECOND = {"roles": [[role("a", disabled=True, created_at=NOW)]]}


def left_by_two_scans(where: str | Path) -> dict[str, Any]:
    inventory = open_inventory(where)
    try:
        for day, pages in enumerate((FIRST, SECOND)):
            now = NOW + timedelta(days=day)
            assert Scanner(inventory, lambda now=now: now, lambda _: None).scan([PlannedDiscovery(pages)]).complete
        with inventory.reading() as connection:
            found = {
                table.name: sorted(map(repr, connection.execute(select(table)).mappings()))
                for table in tables.metadata.sorted_tables
            }
        return found | {"listed": list(listed(inventory, Chosen(gone=True, name="ROLE/A")))}
    finally:
        inventory.close()


def test_it_keeps_and_tells_the_same_as_a_file(tmp_path: Path, postgres: Postgres) -> None:
    in_file = left_by_two_scans(tmp_path / "inventory.db")
    url = f"postgresql+psycopg://{SUPERUSER}:{postgres.password}@{LOOPBACK}:{postgres.port}/postgres"
    in_server = left_by_two_scans(url)
    assert in_server == in_file
    assert len(in_file["changes"]) == 2
    assert [(each.name, each.owners, each.gone_at) for each in in_file["listed"]] == [("a", (), None)]
