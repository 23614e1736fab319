"""Killed before and after every call and every write: the next run ends where an unharmed one does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from nhi_components.lifecycle.decommission.case import Case
from nhi_components.lifecycle.decommission.records import record_in
from nhi_components.lifecycle.decommission.result import Outcome
from tests.unit.decommission.fakes import ADA, GRACE, KEY, TERMS, Estate, Fuse, Killed, run_until_it_ends, stages


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Path]:
    return (tmp_path / str(number) for number in itertools.count())


def case_of(estate: Estate) -> Case:
    (case,) = estate.cases().of([KEY], closed=True)
    return case


def begin(estate: Estate, fuse: Fuse) -> Any:
    return estate.process(fuse).begin(estate.known(), ADA, TERMS)


def go_on(estate: Estate, fuse: Fuse) -> Any:
    process = estate.process(fuse)
    process.tell()
    return process.go_on(case_of(estate))


def restore(estate: Estate, fuse: Fuse) -> Any:
    return estate.process(fuse).restore(case_of(estate), ADA)


def end_of(estate: Estate) -> tuple[Any, ...]:
    """Everything that has to be the same however often a run was killed."""
    case, at = case_of(estate), estate.at
    record = record_in(case.record)
    numbers = [event.noted.number for event in {event.id: event for event in estate.told}.values()]
    assert numbers == sorted(numbers)
    assert estate.cases().noted(case.id, untold=True) == []
    return (
        case.stage,
        (at.unique_id, at.disabled, at.mark[1], tuple(at.parts)),
        stages(estate),
        case.grace_until,
        record and (record.key, record.systems, record.owners, record.privileges, record.approvals, record.dates),
    )


def test_killed_at_any_point_of_the_disable_the_next_run_ends_in_the_same_grace(folders: Iterator[Path]) -> None:
    unharmed = Estate(next(folders))
    assert begin(unharmed, Fuse()).outcome is Outcome.DISABLED
    assert unharmed.at.disabled
    killed_at = _kill_everywhere(folders, lambda estate: None, begin, unharmed)
    assert killed_at > 30


def test_killed_at_any_point_of_the_delete_the_next_run_removes_the_rest(folders: Iterator[Path]) -> None:
    def until_due(estate: Estate) -> None:
        begin(estate, Fuse())
        estate.pass_days(GRACE)

    unharmed = Estate(next(folders))
    until_due(unharmed)
    assert go_on(unharmed, Fuse()).outcome is Outcome.REMOVED
    assert (unharmed.at.unique_id, unharmed.at.parts) == ("", [])
    assert _kill_everywhere(folders, until_due, go_on, unharmed) > 20


@pytest.mark.parametrize("how_far", range(1, 60, 4))
def test_killed_at_any_point_of_a_restore_from_wherever_it_was_killed_before(
    folders: Iterator[Path], how_far: int
) -> None:
    def begun(estate: Estate) -> None:
        with suppress(Killed):
            begin(estate, Fuse(how_far))

    unharmed = Estate(next(folders))
    begun(unharmed)
    if not unharmed.cases().of([KEY]):
        assert (unharmed.at.disabled, unharmed.at.mark) == (False, ("", ""))
        return
    assert restore(unharmed, Fuse()).outcome is Outcome.RESTORED
    assert (unharmed.at.disabled, unharmed.at.mark, unharmed.at.parts) == (False, ("", ""), ["key-1", "key-2"])
    assert _kill_everywhere(folders, begun, restore, unharmed) > 10


def test_what_a_delete_that_was_killed_cannot_tell_is_said_to_be_unknown(folders: Iterator[Path]) -> None:
    told = set()
    for at in itertools.count(1):
        estate = Estate(next(folders))
        begin(estate, Fuse())
        estate.pass_days(GRACE)
        _, killed = run_until_it_ends(lambda fuse, estate=estate: go_on(estate, fuse), at)
        record = record_in(case_of(estate).record)
        assert record is not None
        # Whoever is killed between the system's answer and the inventory has lost the answer, and must not hide that.
        complete = [each.name for each in record.removed] == ["key-1", "key-2", "orders"]
        assert complete or "in the middle of the delete" in record.detail
        told.add(complete)
        if not killed:
            break
    assert told == {True, False}


def _kill_everywhere(folders: Iterator[Path], before: Any, step: Any, unharmed: Estate) -> int:
    """Kill a step at each of its points, run it again, and compare; give how many points there are."""
    expected = end_of(unharmed)
    for at in itertools.count(1):
        estate = Estate(next(folders))
        before(estate)
        _, killed = run_until_it_ends(lambda fuse, estate=estate: step(estate, fuse), at)
        assert end_of(estate) == expected, f"killed at point {at}"
        estate.inventory.close()
        if not killed:
            return at
    raise AssertionError
