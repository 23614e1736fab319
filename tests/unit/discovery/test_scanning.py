"""A scan on a real SQLite file: what it keeps, how it goes on after a kill, and what it says that it has not seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from nhi_components.core.errors import Problem, SpecError, SystemUnreachable
from nhi_components.core.inventory.records import FoundCredential, FoundGrant
from nhi_components.lifecycle.discovery.ports import Busy, CursorLapsed, Discovery, NotSeen
from nhi_components.lifecycle.discovery.scanning import GOES_ON_FOR, Scan, Scanner
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.store import Inventory, SectionState, open_inventory
from tests.unit.discovery.fakes import NOW, PlannedDiscovery, role


class Killed(BaseException):
    """Stands for a kill: nothing of the scanner catches it."""


@pytest.fixture
def inventory(tmp_path: Path) -> Iterator[Inventory]:
    opened = open_inventory(tmp_path / "inventory.db")
    yield opened
    opened.close()


class Run:
    """Scans with a clock of its own; waits are noted, not waited."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.now = NOW
        self.waits: list[float] = []

    def scan(self, *discoveries: Discovery, afresh: bool = False, workers: int = 1) -> Scan:
        scanner = Scanner(self.inventory, lambda: self.now, self.waits.append, workers)
        return scanner.scan(discoveries, afresh=afresh)

    def rows(self, table: object, *, alive: bool = True) -> list[dict[str, object]]:
        query = select(table)  # type: ignore[call-overload]
        with self.inventory.reading() as connection:
            found = [dict(row) for row in connection.execute(query).mappings()]
        return [row for row in found if not alive or row["gone_at"] is None]

    def changes(self) -> list[tuple[object, ...]]:
        table = tables.changes
        with self.inventory.reading() as connection:
            rows = connection.execute(select(table)).all()
        return [(row.scan, row.key.rpartition("/")[2], row.field, row.before, row.after) for row in rows]

    def names(self) -> list[str]:
        return sorted(str(row["name"]) for row in self.rows(tables.identities))


@pytest.fixture
def run(inventory: Inventory) -> Run:
    return Run(inventory)


def test_all_pages_of_all_sections_are_kept_and_so_are_those_that_pages_open(run: Run) -> None:
    discovery = PlannedDiscovery(
        {"roles": [[role("a")], [role("b")]], "projects": [[]], "project/x": [[role("x")]]},
        opens={"projects": ["project/x"]},
    )
    scan = run.scan(discovery, workers=3)
    assert scan.complete
    assert run.names() == ["a", "b", "x"]
    assert {each.section: (each.pages, each.records) for each in scan.sections} == {
        "roles": (2, 2),
        "projects": (1, 0),
        "project/x": (1, 1),
    }
    row = next(row for row in run.rows(tables.identities) if row["name"] == "a")
    assert row["created_at"] is None
    assert row["first_scan"] == row["last_scan"] == scan.number


@pytest.mark.parametrize("killed_at", [1, 2, 3, 4])
def test_a_killed_scan_goes_on_where_it_stood(run: Run, killed_at: int) -> None:
    pages = {"roles": [[role("a")], [role("b")], [role("c")]], "users": [[role("u")]]}
    discovery = PlannedDiscovery(pages)
    reads = iter(range(1, 100))

    def tell_or_die(_: object) -> None:
        if next(reads) == killed_at:
            raise Killed

    with pytest.raises(Killed):
        Scanner(run.inventory, lambda: NOW, run.waits.append, 1, tell_or_die).scan([discovery])
    again = PlannedDiscovery(pages)
    scan = run.scan(again)
    assert scan.complete
    assert scan.went_on
    assert run.names() == ["a", "b", "c", "u"]
    assert len(discovery.asked) + len(again.asked) == 4
    assert set(discovery.asked) & set(again.asked) == set()


def test_a_scan_that_was_stopped_long_ago_or_is_to_be_left_begins_anew(run: Run) -> None:
    pages = {"roles": [[role("a")], [role("b")]]}

    def stop() -> None:
        with pytest.raises(Killed):
            run.scan(PlannedDiscovery(pages, before={"roles": [Killed()]}))

    stop()
    first = run.inventory.unfinished()
    assert first is not None
    assert run.scan(PlannedDiscovery(pages), afresh=True).number == first[0] + 1
    stop()
    run.now += GOES_ON_FOR + timedelta(seconds=1)
    scan = run.scan(PlannedDiscovery(pages))
    assert not scan.went_on
    assert scan.number == first[0] + 3


def test_what_is_not_told_any_more_is_gone_and_keeps_its_history(run: Run) -> None:
    key = FoundCredential("arn:aws:iam::111111111111:role/a", "access-key", "AKIA1")
    grant = FoundGrant("arn:aws:iam::111111111111:role/a", "sqs:*", "*")
    run.scan(PlannedDiscovery({"roles": [[role("a"), key, grant, role("b")]]}))
    run.now += timedelta(days=1)
    scan = run.scan(PlannedDiscovery({"roles": [[role("b", disabled=True)]]}))
    assert run.names() == ["b"]
    assert run.rows(tables.credentials) == run.rows(tables.grants) == []
    gone = [row for row in run.rows(tables.identities, alive=False) if row["name"] == "a"]
    assert [(row["first_scan"], row["last_scan"], row["gone_at"]) for row in gone] == [(1, 1, run.now)]
    changed = run.changes()
    assert changed == [(scan.number, "b", "disabled", "False", "True")]


def test_one_made_anew_under_its_name_is_another(run: Run) -> None:
    run.scan(PlannedDiscovery({"roles": [[role("a", "AROA1")]]}))
    run.scan(PlannedDiscovery({"roles": [[role("a", "AROA2")]]}))
    assert [row["unique_id"] for row in run.rows(tables.identities)] == ["AROA2"]
    assert len(run.rows(tables.identities, alive=False)) == 2


def test_what_could_not_be_seen_is_told_and_nothing_of_it_counts_as_gone(run: Run) -> None:
    pages = {"roles": [[role("a")]], "users": [[role("u")]]}
    run.scan(PlannedDiscovery(pages))
    scan = run.scan(PlannedDiscovery(pages, before={"users": [NotSeen("aws.default: ListUsers is denied")]}))
    assert not scan.complete
    assert [(each.section, each.state, each.reason) for each in scan.unseen] == [
        ("users", SectionState.UNSEEN, "aws.default: ListUsers is denied")
    ]
    assert run.names() == ["a", "u"]


def test_a_section_that_nothing_opens_any_more_takes_what_it_told_with_it(run: Run) -> None:
    pages = {"projects": [[]], "project/x": [[role("x")]]}
    opens = {"projects": ["project/x"]}
    run.scan(PlannedDiscovery(pages, opens))
    unseen = PlannedDiscovery({"projects": [[]]}, before={"projects": [NotSeen("denied")]})
    run.scan(unseen)
    assert run.names() == ["x"]
    run.scan(PlannedDiscovery({"projects": [[]]}))
    assert run.names() == []


def test_a_busy_system_is_asked_again_as_it_says_and_a_silent_one_for_a_while(run: Run) -> None:
    silent = SystemUnreachable("aws", Problem("aws.default", "no answer", "an answer", "check the network"))
    pages = {"roles": [[role("a")]], "users": [[role("u")]]}
    discovery = PlannedDiscovery(
        pages, before={"roles": [Busy("throttled", 7), Busy("throttled")], "users": [silent] * 9}
    )
    scan = run.scan(discovery)
    assert run.waits[0] == 7
    assert run.names() == ["a"]
    assert [(each.section, each.state) for each in scan.unseen] == [("users", SectionState.FAILED)]
    assert "no answer" in scan.unseen[0].reason


def test_a_cursor_that_has_lapsed_begins_its_section_again_once(run: Run) -> None:
    pages = {"roles": [[role("a")], [role("b")]]}
    once = PlannedDiscovery(pages, before={"roles": [CursorLapsed("lapsed")]})
    assert run.scan(once).complete
    assert run.names() == ["a", "b"]
    for_good = PlannedDiscovery(pages, before={"roles": [CursorLapsed("lapsed"), CursorLapsed("lapsed")]})
    assert [each.state for each in run.scan(for_good).unseen] == [SectionState.FAILED]


def test_two_connections_to_one_place_are_refused_and_an_unreachable_one_is_told(run: Run) -> None:
    discovery = PlannedDiscovery({"roles": [[role("a")]]})
    with pytest.raises(SpecError, match=r"as aws\.default does"):
        run.scan(discovery, PlannedDiscovery({"roles": [[]]}, connection="other"))

    class Unreachable(PlannedDiscovery):
        def place(self) -> str:
            raise SystemUnreachable("aws", Problem("aws.far", "no answer", "an answer", "check the network"))

    scan = run.scan(discovery, Unreachable({}, connection="far"))
    assert not scan.complete
    assert list(scan.unreachable) == ["aws.far"]
    assert run.names() == ["a"]


def test_a_stopped_scan_without_its_connection_is_told_and_ends(run: Run) -> None:
    pages = {"roles": [[role("a")], [role("b")]]}
    with pytest.raises(Killed):
        run.scan(PlannedDiscovery(pages, before={"roles": [Killed()]}))
    scan = run.scan(PlannedDiscovery({"roles": [[]]}, account="222222222222"))
    assert [(each.source, each.state) for each in scan.unseen] == [("aws/111111111111", SectionState.FAILED)]
    assert run.inventory.unfinished() is None
