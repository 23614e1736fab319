"""Many credentials at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from nhi_components.core.errors import EvidenceError, NhiError
from nhi_components.lifecycle.credentials.dependents import Refreshed
from nhi_components.lifecycle.credentials.fleet import Result, run_all
from nhi_components.lifecycle.credentials.outcome import DeliveryIncomplete, NotRecorded, Outcome

NOW = datetime(2027, 1, 31, tzinfo=UTC)


def outcome(key: str, *, problem: str | None = None) -> Outcome:
    return Outcome(NOW, NOW, None, key, 1, None, None, notified=(Refreshed("notification 1", NOW, problem),))


def results(failure: Exception | None) -> list[Result]:
    def work(key: str) -> Outcome:
        if key == "bad" and failure:
            raise failure
        return outcome(key)

    return sorted(run_all(["one", "bad", "two"], work), key=lambda result: result.index)


def test_each_is_worked_on() -> None:
    done = results(None)
    assert [(each.index, each.outcome and each.outcome.key) for each in done] == [(0, "one"), (1, "bad"), (2, "two")]
    assert all(each.is_complete for each in done)


@pytest.mark.parametrize(
    ("failure", "known"),
    [
        (NhiError("it is down"), False),
        (DeliveryIncomplete("it", outcome("bad")), True),
        (NotRecorded("it", outcome("bad"), EvidenceError("no space left")), True),
    ],
    ids=["nothing done", "not everywhere", "not recorded"],
)
def test_what_fails_keeps_no_other_from_being_done(failure: NhiError, known: bool) -> None:
    done = results(failure)
    assert [each.is_complete for each in done] == [True, False, True]
    assert done[1].failure == str(failure)
    assert (done[1].outcome is not None) is known


def test_who_could_not_be_told_leaves_something_to_do() -> None:
    (done,) = run_all(["one"], lambda key: outcome(key, problem="status 1"))
    assert not done.is_complete
    assert done.outcome
    assert done.outcome.failures == ["notification 1: status 1"]


def test_no_more_are_worked_on_at_once_than_asked() -> None:
    lock, running, most = threading.Lock(), 0, 0
    both = threading.Barrier(2, timeout=10)

    def work(key: str) -> Outcome:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait()
        with lock:
            running -= 1
        return outcome(key)

    assert len(list(run_all(["a", "b", "c", "d"], work, at_once=2))) == 4
    assert most == 2


def test_nothing_is_nothing() -> None:
    assert list(run_all([], outcome)) == []
