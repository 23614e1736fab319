"""Sections that are read side by side, and have much to note as changed, do not lock one another out."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from nhi_components.lifecycle.discovery.scanning import Scan, Scanner
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.store import Inventory, open_inventory
from tests.unit.discovery.fakes import NOW, PlannedDiscovery, role

SOURCES, PAGES, ROLES = 8, 4, 40


def scan(inventory: Inventory, mark: str) -> Scan:
    sources = [
        PlannedDiscovery(
            {
                "roles": [
                    [role(f"{source}-{page}-{at}", marks={"tier": mark}) for at in range(ROLES)]
                    for page in range(PAGES)
                ]
            },
            account=str(source),
        )
        for source in range(SOURCES)
    ]
    return Scanner(inventory, lambda: NOW, lambda _: None).scan(sources)


def test_changes_of_all_sections_are_kept(tmp_path: Path) -> None:
    inventory = open_inventory(tmp_path / "inventory.db")
    try:
        assert scan(inventory, "1").complete
        assert scan(inventory, "2").complete
        with inventory.reading() as connection:
            noted = connection.execute(select(func.count()).select_from(tables.changes)).scalar_one()
    finally:
        inventory.close()
    assert noted == SOURCES * PAGES * ROLES
