"""Refreshing on a real SQLite file: told twice, late or out of order; killed; beside a full scan half-way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from nhi_components.core.errors import Problem, SpecError, SystemUnreachable
from nhi_components.core.inventory.records import FoundCredential, Use
from nhi_components.core.links import System
from nhi_components.lifecycle.discovery.ports import NotSeen, Source
from nhi_components.lifecycle.discovery.scanning import Scanner
from nhi_components.lifecycle.events.journal import AHEAD, KEPT, Journal
from nhi_components.lifecycle.events.ports import Batch, Event, EventSource, Told, Used
from nhi_components.lifecycle.events.refreshing import Refreshed, Refresher
from nhi_components.lifecycle.events.tables import events
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.store import Inventory, SectionState, open_inventory
from tests.unit.discovery.fakes import NOW, PlannedDiscovery, role

ACCOUNT = "111111111111"


class Killed(BaseException):
    """Stands for a kill: nothing catches it."""


@dataclass
class Teller:
    """Tells batches, each once a call; notes the cursors that it was given."""

    batches: Sequence[Batch]
    error: Exception | None = None
    name: str = "teller"
    asked: list[tuple[str | None, datetime]] = field(default_factory=list)

    def read(self, cursor: str | None, since: datetime) -> Iterable[Batch]:
        self.asked.append((cursor, since))
        yield from self.batches
        if self.error:
            raise self.error


def happened(id_: str, *sections: str, place: str = ACCOUNT, **fields: Any) -> Event:
    return Event(System.AWS, place, id_, NOW - timedelta(hours=1), "iam:Something", sections or ("*",), **fields)


def telling(*told: Event, cursor: str | None = "c") -> Teller:
    return Teller([Batch(Told(told), cursor)])


class Run:
    """An inventory, a clock of its own, and what is to be found."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory, self.journal = inventory, Journal(inventory)
        self.now, self.waits = NOW, list[float]()
        self.source: Source = PlannedDiscovery({"iam/roles": [[role("a")]], "iam/users": [[role("u")]]})

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)

    @property
    def scanner(self) -> Scanner:
        return Scanner(self.inventory, lambda: self.now, self._sleep, 1)

    def full(self, source: Source | None = None) -> None:
        self.scanner.scan([source or self.source])

    def refresh(self, *readers: EventSource, dry_run: bool = False) -> Refreshed:
        refresher = Refresher(self.scanner, self.journal, lambda _: [self.source])
        return refresher.preview(readers) if dry_run else refresher.refresh(readers)

    def names(self) -> list[str]:
        table = tables.identities
        with self.inventory.reading() as connection:
            return sorted(connection.execute(select(table.c.name).where(table.c.gone_at.is_(None))).scalars())

    def used(self, table: Any, **which: str) -> datetime | None:
        query = select(table.c.used_at)
        for name, value in which.items():
            query = query.where(table.c[name] == value)
        with self.inventory.reading() as connection:
            found: datetime | None = connection.execute(query).scalar_one()
        return found


@pytest.fixture
def inventory(tmp_path: Path) -> Iterator[Inventory]:
    opened = open_inventory(tmp_path / "inventory.db")
    yield opened
    opened.close()


@pytest.fixture
def run(inventory: Inventory) -> Run:
    made = Run(inventory)
    made.full()
    return made


def planned(run: Run, pages: Any, **fields: Any) -> PlannedDiscovery:
    found = PlannedDiscovery(pages, **fields)
    run.source = found
    return found


def test_only_the_stale_sections_are_read_and_no_other_row_is_gone(run: Run) -> None:
    found = planned(run, {"iam/roles": [[role("b")]], "iam/users": [[]]})
    done = run.refresh(telling(happened("1", "iam/roles")))
    assert done.complete
    assert found.asked == [("iam/roles", None)]
    assert run.names() == ["b", "u"]
    assert [each.section for each in done.sections] == ["iam/roles"]


def test_told_twice_it_counts_once_and_the_reader_goes_on_where_it_was(run: Run) -> None:
    teller = telling(happened("1", "iam/roles"), happened("1", "iam/roles"), cursor="to here")
    assert run.refresh(teller).kept == 1
    found = planned(run, {"iam/roles": [[]], "iam/users": [[]]})
    assert run.refresh(teller).kept == 0
    assert found.asked == []
    assert teller.asked == [(None, NOW), ("to here", NOW)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([f"e{n}" for n in range(5)]), st.lists(st.integers(0, 4), max_size=5))
def test_in_whatever_order_and_however_often_events_come_the_end_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], again: list[int]
) -> None:
    inventory = open_inventory(tmp_path_factory.mktemp("run") / "inventory.db")
    run = Run(inventory)
    run.full()
    found = planned(run, {"iam/roles": [[role("b")]], "iam/users": [[role("v")]]})
    ids = order + [f"e{n}" for n in again]
    kept = 0
    for part in (ids[:3], ids[3:]):
        kept += run.refresh(telling(*(happened(each, "iam/roles") for each in part))).kept
    assert kept == 5
    assert run.names() == ["b", "u"]
    assert len(found.asked) <= 2
    inventory.close()


def test_a_late_event_is_read_for_although_later_ones_were(run: Run) -> None:
    run.refresh(telling(happened("new", "iam/users")))
    found = planned(run, {"iam/roles": [[role("b")]], "iam/users": [[]]})
    late = Event(System.AWS, ACCOUNT, "late", NOW - timedelta(days=1), "iam:Late", ("iam/roles",))
    assert run.refresh(telling(late)).complete
    assert found.asked == [("iam/roles", None)]


def test_what_nobody_knows_makes_everything_stale_and_closes_what_is_no_longer_opened(run: Run) -> None:
    pages = {"projects": [[]], "project/x": [[role("x")]], "iam/roles": [[role("a")]]}
    run.full(PlannedDiscovery(pages, opens={"projects": ["project/x"]}))
    planned(run, {"projects": [[]], "iam/roles": [[role("a")]]})
    assert run.refresh(telling(happened("1"))).complete
    assert run.names() == ["a"]


def test_a_section_that_lists_sections_has_those_read_that_it_opens(run: Run) -> None:
    run.full(PlannedDiscovery({"projects": [[]], "iam/roles": [[role("a")]]}))
    found = planned(
        run, {"projects": [[]], "project/y": [[role("y")]], "iam/roles": [[]]}, opens={"projects": ["project/y"]}
    )
    unknown = happened("1", "project/y", otherwise=("projects",))
    assert run.refresh(telling(unknown)).complete
    assert [section for section, _ in found.asked] == ["projects", "project/y"]
    assert run.names() == ["a", "y"]
    found.asked.clear()
    assert run.refresh(telling(happened("2", "project/y", otherwise=("projects",)))).complete
    assert [section for section, _ in found.asked] == ["project/y"]


def test_a_full_scan_that_stands_half_way_goes_on_and_takes_nothing_newer_for_gone(run: Run) -> None:
    pages = {"iam/roles": [[role("a")], [role("b")]], "iam/users": [[role("u")]]}

    def stop_after_one(_: object) -> None:
        raise Killed

    with pytest.raises(Killed):
        Scanner(run.inventory, lambda: NOW, run.waits.append, 1, stop_after_one).scan([PlannedDiscovery(pages)])
    half = run.inventory.unfinished()
    planned(run, {**pages, "iam/roles": [[role("a"), role("c")], [role("b")]]})
    assert run.refresh(telling(happened("1", "iam/roles"))).complete
    assert run.inventory.unfinished() == half
    assert run.names() == ["a", "b", "c", "u"]
    scan = run.scanner.scan([PlannedDiscovery(pages)])
    assert (scan.number, scan.went_on, scan.complete) == (half[0] if half else 0, True, True)
    assert run.names() == ["a", "b", "c", "u"]
    run.full(PlannedDiscovery(pages))
    assert run.names() == ["a", "b", "u"]


def test_a_section_that_was_opened_beside_a_full_scan_stays(run: Run) -> None:
    half = {"projects": [[]], "roles": [[role("a")], [role("b")]]}
    told = iter(range(10))

    def stop_after_two(_: object) -> None:
        if next(told) == 1:
            raise Killed

    run.full(PlannedDiscovery(half))
    with pytest.raises(Killed):
        Scanner(run.inventory, lambda: NOW, run.waits.append, 1, stop_after_two).scan([PlannedDiscovery(half)])
    planned(run, {**half, "project/y": [[role("y")]]}, opens={"projects": ["project/y"]})
    assert run.refresh(telling(happened("1", "project/y", otherwise=("projects",)))).complete
    scan = run.scanner.scan([PlannedDiscovery(half)])
    assert (scan.went_on, scan.complete, run.names()) == (True, True, ["a", "b", "y"])


@pytest.mark.parametrize("killed_at", [0, 1, 2])
def test_killed_it_goes_on_and_neither_loses_an_event_nor_reads_a_page_twice(run: Run, killed_at: int) -> None:
    pages = {"iam/roles": [[role("b")], [role("c")], [role("d")]], "iam/users": [[]]}
    found = planned(run, pages)
    reads = iter(range(10))

    def tell_or_die(_: object) -> None:
        if next(reads) == killed_at:
            raise Killed

    scanner = Scanner(run.inventory, lambda: run.now, run.waits.append, 1, tell_or_die)
    with pytest.raises(Killed):
        Refresher(scanner, run.journal, lambda _: [run.source]).refresh([telling(happened("1", "iam/roles"))])
    again = planned(run, pages)
    done = run.refresh(telling(happened("1", "iam/roles")))
    assert done.complete
    assert run.names() == ["b", "c", "d", "u"]
    assert len(found.asked) + len(again.asked) == 3
    assert (run.journal.unfinished(), run.journal.waiting()) == (None, [])


def test_what_could_not_be_read_stays_to_be_read(run: Run) -> None:
    planned(
        run, {"iam/roles": [[role("b")]], "iam/users": [[]]}, before={"iam/roles": [NotSeen("ListRoles is denied")]}
    )
    done = run.refresh(telling(happened("1", "iam/roles"), happened("2", "iam/users")))
    assert not done.complete
    assert [(each.section, each.state) for each in done.unseen] == [("iam/roles", SectionState.UNSEEN)]
    assert run.names() == ["a"]
    assert [each.event.id for each in run.journal.waiting()] == ["1"]
    assert run.refresh().complete
    assert run.names() == ["b"]


def test_one_reader_that_fails_keeps_no_other_from_being_read(run: Run) -> None:
    planned(run, {"iam/roles": [[role("b")]], "iam/users": [[]]})
    denied = Teller([Batch(Told((happened("1", "iam/users"),)))], NotSeen("LookupEvents is denied"), "denied")
    done = run.refresh(denied, telling(happened("2", "iam/roles")))
    assert (done.complete, dict(done.unread)) == (False, {"denied": "LookupEvents is denied"})
    assert run.names() == ["b"]


def test_an_unreachable_system_keeps_its_events_waiting(run: Run) -> None:
    class Away(PlannedDiscovery):
        def place(self) -> str:
            raise SystemUnreachable("aws", Problem("aws.default", "no answer", "an answer", "check the network"))

    run.source = Away({})
    done = run.refresh(telling(happened("1", "iam/roles")))
    assert (done.complete, list(done.plan.unreachable)) == (False, ["aws.default"])
    planned(run, {"iam/roles": [[role("b")]], "iam/users": [[]]})
    assert run.refresh().complete
    assert run.names() == ["b", "u"]


def test_events_of_places_that_nobody_reads_are_told_and_left(run: Run) -> None:
    done = run.refresh(telling(happened("1", place="222222222222")))
    assert (done.complete, len(done.plan.elsewhere), done.sections) == (True, 1, ())
    assert run.refresh().plan.elsewhere == []


def test_events_of_a_place_that_the_inventory_holds_wait_for_its_connection(run: Run) -> None:
    run.full(PlannedDiscovery({"iam/roles": [[]]}, account="222222222222"))
    run.full()
    assert not run.refresh(telling(happened("1", place="222222222222"))).complete
    assert len(run.refresh().plan.stranded) == 1


def test_an_event_of_a_known_identity_can_be_idle(run: Run) -> None:
    known, unknown = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("a", "z"))
    found = planned(run, {"iam/roles": [[]], "iam/users": [[]]})
    run.refresh(telling(happened("1", "iam/roles", unless_known=known)))
    assert found.asked == []
    run.refresh(telling(happened("2", "iam/users", unless_known=unknown)))
    assert found.asked == [("iam/users", None)]


def test_what_happened_just_now_is_waited_for_and_what_settles_late_stays(run: Run) -> None:
    found = planned(run, {"iam/roles": [[role("b")]], "iam/users": [[]]})
    now = Event(System.AWS, ACCOUNT, "1", NOW + timedelta(hours=3), "iam:Ahead", ("iam/roles",))
    late = Event(System.AWS, ACCOUNT, "2", NOW, "x", ("iam/users",), settles=timedelta(minutes=10))
    done = run.refresh(telling(now, late))
    assert (run.waits, found.asked, [each.event.id for each in done.plan.later]) == ([10], [("iam/roles", None)], ["2"])
    assert not done.complete
    run.now += timedelta(minutes=10)
    assert run.refresh().complete
    assert found.asked == [("iam/roles", None), ("iam/users", None)]


def test_a_preview_reads_and_keeps_nothing(run: Run) -> None:
    found = planned(run, {"iam/roles": [[]], "iam/users": [[]]})
    teller = telling(happened("1", "iam/roles"))
    done = run.refresh(teller, dry_run=True)
    assert dict(done.plan.stale) == {f"aws/{ACCOUNT}": {"iam/roles"}}
    assert (found.asked, run.journal.cursor("teller"), run.journal.waiting()) == ([], None, [])
    assert run.refresh(teller).kept == 1


def test_without_a_full_scan_there_is_nothing_to_follow(inventory: Inventory) -> None:
    with pytest.raises(SpecError, match="nhi discover"):
        Run(inventory).refresh()


def test_uses_are_noted_only_of_who_is_there_and_only_when_they_are_newer(run: Run) -> None:
    key, earlier, later = f"arn:aws:iam::{ACCOUNT}:role/a", NOW - timedelta(days=2), NOW - timedelta(hours=2)
    credential = FoundCredential(key, "access-key", "AKIA1", use=Use(earlier))
    run.full(PlannedDiscovery({"iam/roles": [[role("a", use=Use(earlier)), credential]]}))

    def note(at: datetime, **fields: str) -> None:
        run.refresh(Teller([Batch(Told(uses=(Used(System.AWS, key, at, **fields),)))]))

    note(later, unique_id="AROAa", credential="AKIA1")
    assert run.used(tables.identities, key=key) == run.used(tables.credentials, id="AKIA1") == later
    note(earlier, unique_id="AROAa", credential="AKIA1")
    note(NOW, unique_id="AROAother")
    note(NOW + AHEAD + timedelta(seconds=1))
    note(NOW, unique_id="AROAnamesake")
    assert run.used(tables.identities, key=key) == later
    # A scan that IAM tells of less keeps what is known.
    run.full(PlannedDiscovery({"iam/roles": [[role("a", use=Use(earlier)), credential]]}))
    run.full(PlannedDiscovery({"iam/roles": [[role("a"), credential]]}))
    assert run.used(tables.identities, key=key) == run.used(tables.credentials, id="AKIA1") == later


def test_what_is_done_is_forgotten_after_a_while_and_what_waits_is_not(run: Run) -> None:
    run.refresh(telling(happened("1", "iam/roles")))
    planned(run, {}, before={}).account = "333333333333"
    run.refresh(telling(happened("2", "iam/roles")))
    run.now += KEPT + timedelta(seconds=1)
    run.refresh()
    with run.inventory.reading() as connection:
        assert list(connection.execute(select(events.c.id)).scalars()) == ["2"]
