"""Whether an owner is still there: newer directories before older, and whom none tells of any longer has left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nhi_components.core.inventory.owning import Owner, Presence
from nhi_components.core.inventory.records import FoundPerson
from nhi_components.lifecycle.discovery.scanning import Scanner
from nhi_components.lifecycle.inventory.people import people
from nhi_components.lifecycle.inventory.store import Inventory, open_inventory
from tests.unit.discovery.fakes import NOW, PlannedDiscovery

LEFT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def inventory(tmp_path: Path) -> Iterator[Inventory]:
    opened = open_inventory(tmp_path / "inventory.db")
    yield opened
    opened.close()


def scan(inventory: Inventory, **directories: Sequence[FoundPerson]) -> None:
    sources = [PlannedDiscovery({"people": [found]}, account=name) for name, found in directories.items()]
    assert Scanner(inventory, lambda: NOW, lambda _: None).scan(sources).complete


def owner(inventory: Inventory, who: str) -> Owner:
    with inventory.reading() as connection:
        return people(connection).owner(who, "mark team")


def person(name: str, *, active: bool = True, since: datetime | None = None) -> FoundPerson:
    return FoundPerson(name, (name,), active, since)


def test_owners_are_present_have_left_or_are_in_no_directory(inventory: Inventory) -> None:
    scan(inventory, idp=[person("ann"), person("bob", active=False, since=LEFT), person("pay")])
    assert owner(inventory, "Ann").presence is Presence.PRESENT
    assert owner(inventory, "@shop/pay").presence is Presence.PRESENT
    assert owner(inventory, "bob") == Owner("bob", "mark team", Presence.LEFT, LEFT)
    assert owner(inventory, "cid").presence is Presence.UNKNOWN


def test_whom_a_directory_tells_of_no_longer_has_left_since_then(inventory: Inventory) -> None:
    scan(inventory, idp=[person("ann"), person("bob")])
    scan(inventory, idp=[person("ann")])
    assert owner(inventory, "bob") == Owner("bob", "mark team", Presence.LEFT, NOW)
    scan(inventory, idp=[person("ann"), person("bob")])
    assert owner(inventory, "bob").presence is Presence.PRESENT


def test_the_directory_that_was_read_last_counts_and_in_one_scan_the_one_that_has_them(inventory: Inventory) -> None:
    scan(inventory, old=[person("ann")])
    scan(inventory, new=[person("ann", active=False, since=LEFT)])
    assert owner(inventory, "ann") == Owner("ann", "mark team", Presence.LEFT, LEFT)
    scan(inventory, old=[person("ann")], new=[person("ann", active=False)])
    assert owner(inventory, "ann").presence is Presence.PRESENT
