"""Batches, retries, back-pressure and positions, with destinations in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from audit_samples import chain, numbers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhi_components.core.errors import EvidenceError, Problem
from nhi_components.lifecycle.audit import exporting
from nhi_components.lifecycle.audit.cursors import Cursors
from nhi_components.lifecycle.audit.destinations.ports import Busy, NotTaken, Refused
from nhi_components.lifecycle.audit.exporting import Exporter, Patience
from nhi_components.lifecycle.audit.trail import Outgoing
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.evidence.flaws import FlawCode
from nhi_components.lifecycle.evidence.reader import by_fingerprint

SIZES = (3, 1, 4, 2)
TOTAL = sum(SIZES)
PROBLEM = Problem("destination", "no", "yes", "wait")


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it, nothing cleans up after it."""


class InMemory:
    """Takes everything, after what `before` does and before what `after` does."""

    name = "memory:"

    def __init__(self) -> None:
        self.taken: list[list[Outgoing]] = []
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None

    def send(self, events: Sequence[Outgoing]) -> None:
        self.before()
        self.taken.append(list(events))
        self.after()

    def close(self) -> None:
        pass

    @property
    def numbers(self) -> list[int]:
        return [number for batch in self.taken for number in numbers(batch)]


def once(error: BaseException) -> Callable[[], None]:
    errors = [error]

    def fail() -> None:
        if errors:
            raise errors.pop()

    return fail


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return chain(tmp_path, SIZES)


def exporter(
    store: DirectoryStore, destination: InMemory, batch: int = 4, slept: list[float] | None = None
) -> Exporter:
    sleep = [].append if slept is None else slept.append
    return Exporter(
        store,
        lambda: by_fingerprint(store.pinned_keys()),
        destination,
        Cursors(store.directory, destination.name),
        batch,
        Patience(60, sleep),
    )


def test_batches_are_cut_within_statements_and_never_longer(store):
    destination = InMemory()
    assert exporter(store, destination).run().events == TOTAL
    assert [len(batch) for batch in destination.taken] == [4, 4, 2]
    assert destination.numbers == list(range(1, TOTAL + 1))


def test_batches_are_bounded_in_bytes(store, monkeypatch):
    destination = InMemory()
    monkeypatch.setattr(exporting, "MOST_BYTES", 4_000)
    exporter(store, destination, batch=100).run()
    assert all(sum(len(each.line) for each in batch) <= 4_000 for batch in destination.taken)
    assert any(len(batch) > 1 for batch in destination.taken)
    monkeypatch.setattr(exporting, "MOST_BYTES", 1)
    again = InMemory()
    again.name = "another:"
    exporter(store, again, batch=100).run()
    assert [len(batch) for batch in again.taken] == [1] * TOTAL


def test_what_was_taken_does_not_come_again(store):
    destination = InMemory()
    exporter(store, destination).run()
    assert exporter(store, destination).run().events == 0
    chain(store.directory, (2,))
    assert exporter(store, destination).run().events == 2


def test_every_destination_has_positions_of_its_own(store):
    first, second = InMemory(), InMemory()
    second.name = "another:"
    exporter(store, first).run()
    assert exporter(store, second).run().events == TOTAL


def test_a_busy_destination_is_asked_again_when_it_says(store):
    destination, slept = InMemory(), list[float]()
    destination.before = once(Busy(PROBLEM, after=7))
    exporter(store, destination, slept=slept).run()
    assert slept == [7]
    assert destination.numbers == list(range(1, TOTAL + 1))


def test_without_a_word_of_it_the_pauses_are_our_own(store):
    destination, slept = InMemory(), list[float]()
    errors = [Busy(PROBLEM) for _ in range(4)]
    destination.before = lambda: errors and (_ for _ in ()).throw(errors.pop())
    exporter(store, destination, slept=slept).run()
    assert len(slept) == 4
    assert all(0 <= pause <= 30 for pause in slept)


def test_patience_ends_before_a_pause_that_is_too_long(store):
    destination, slept = InMemory(), list[float]()
    destination.before = once(Busy(PROBLEM, after=3600))
    with pytest.raises(Busy):
        exporter(store, destination, slept=slept).run()
    assert slept == []
    assert exporter(store, destination).run().events == TOTAL


def test_a_refusal_is_told_at_once_and_what_was_taken_before_is_noted(store):
    destination, slept = InMemory(), list[float]()
    exporting_now = exporter(store, destination, slept=slept)
    destination.after = lambda: setattr(destination, "before", once(Refused(PROBLEM)))
    with pytest.raises(Refused):
        exporting_now.run()
    assert slept == []
    destination.after = lambda: None
    exporter(store, destination).run()
    assert destination.numbers == list(range(1, TOTAL + 1))


def test_no_statement_is_read_before_the_batch_before_it_was_taken(store, monkeypatch):
    """So that a slow destination slows the reading, and memory holds one batch and one statement."""
    ahead: list[tuple[int, int]] = []
    destination, read = InMemory(), list[int]()
    envelope = store.envelope
    monkeypatch.setattr(store, "envelope", lambda chain_id, number: read.append(number) or envelope(chain_id, number))
    destination.before = lambda: ahead.append((len(destination.numbers), read[-1]))
    exporter(store, destination, batch=1).run()
    of_number = [number for number, size in enumerate(SIZES, start=1) for _ in range(size)]
    for taken, newest in ahead:
        assert newest <= of_number[min(taken + 1, TOTAL - 1)]


def test_a_broken_chain_is_exported_up_to_there(store):
    sorted(store.directory.glob("chains/*/*.dsse.json"))[2].write_bytes(b"{}")
    destination = InMemory()
    exported = exporter(store, destination).run()
    assert [flaw.code for flaw in exported.flaws] == [FlawCode.NOT_AN_ENVELOPE]
    assert destination.numbers == [1, 2, 3, 4]


def test_a_broken_chain_does_not_hold_up_the_others(store, tmp_path_factory):
    other = chain(tmp_path_factory.mktemp("other"), (2,))
    (folder,) = (other.directory / "chains").iterdir()
    folder.rename(store.directory / "chains" / folder.name)
    for key in (other.directory / "trusted").iterdir():
        key.rename(store.directory / "trusted" / key.name)
    (own, *_) = sorted(store.directory.glob("chains/*/00000004.dsse.json"))
    own.unlink()
    destination = InMemory()
    exported = exporter(store, destination).run()
    assert len(exported.flaws) == 1
    assert sorted(destination.numbers) == sorted([*range(1, 9), 1, 2])


def test_a_chain_that_vanished_after_its_export_is_told(store):
    exporter(store, InMemory()).run()
    (folder,) = (store.directory / "chains").iterdir()
    folder.rename(store.directory / "elsewhere")
    exported = exporter(store, InMemory()).run()
    assert [flaw.code for flaw in exported.flaws] == [FlawCode.TRUNCATED]


def test_two_exports_to_one_destination_are_one_too_many(store):
    with (
        Cursors(store.directory, "memory:").alone(),
        pytest.raises(EvidenceError, match="another export to memory:"),
        Cursors(store.directory, "memory:").alone(),
    ):
        pass


@pytest.mark.parametrize("content", ["", "[]", '{"destination": "memory:", "chains": {"x": {}}}'])
def test_positions_of_another_form_are_told(store, content):
    exporter(store, InMemory()).run()
    Cursors(store.directory, "memory:").path.write_text(content)
    with pytest.raises(EvidenceError, match="delete it"):
        exporter(store, InMemory()).run()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["before", "after", "noting", "noted", "busy", "refused"]), st.integers(0, 5)),
        max_size=6,
    ),
    st.integers(1, TOTAL + 1),
)
def test_however_often_it_is_killed_every_event_comes_and_in_order(store, kills, batch):
    Cursors(store.directory, "memory:").path.unlink(missing_ok=True)
    destination = InMemory()
    for where, after in kills:
        with pytest.MonkeyPatch.context() as patch:
            _arm(patch, destination, where, after)
            with suppress(Killed, NotTaken):
                exporter(store, destination, batch).run()
        destination.before = destination.after = lambda: None
    exporter(store, destination, batch).run()
    assert list(dict.fromkeys(destination.numbers)) == list(range(1, TOTAL + 1))
    repeated = sum(after <= before for before, after in pairwise(destination.numbers))
    assert repeated <= len(kills)


def _arm(patch: pytest.MonkeyPatch, destination: InMemory, where: str, after: int) -> None:
    """Kill at the given point of the batch of that number, counted from 0."""
    left = [after]

    def kill(error: type[BaseException] | BaseException = Killed) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise error

    if where in ("before", "after"):
        setattr(destination, where, kill)
    elif where in ("busy", "refused"):
        problem = Busy(PROBLEM, after=3600) if where == "busy" else Refused(PROBLEM)
        destination.before = lambda: kill(problem)
    else:
        note = Cursors.note

        def noting(self: Cursors, positions: object) -> None:
            if where == "noting":
                kill()
            note(self, positions)
            kill()

        patch.setattr(Cursors, "note", noting)
