"""Ways to rotate a fleet of credentials, each measured in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection

from bench.credential_fleet import wanted

_processes = multiprocessing.get_context("spawn")
_KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """What a way took.

    Attributes:
        count: the credentials that it rotated.
        seconds: how long, without its start.
        peak: the most memory that its process had, in MiB.
        grown: how much of that it did not have yet after the first credential.
    """

    count: int
    seconds: float
    peak: float
    grown: float


def measure(way: str, fleet: str, numbers: range, environment: Mapping[str, str], at_once: int = 16) -> Measured:
    """Have one way rotate credentials of a fleet; the first of them warms it up and is not measured."""
    told, theirs = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_main, args=(way, fleet, numbers, dict(environment), at_once, theirs))
    process.start()
    theirs.close()
    try:
        found: Measured = told.recv()
    except EOFError:
        raise RuntimeError(f"{way}: its process ended with {process.exitcode}, see above") from None
    process.join()
    return found


def _main(way: str, fleet: str, numbers: range, environment: Mapping[str, str], at_once: int, told: Connection) -> None:
    os.environ.clear()
    os.environ.update(environment)
    work = _WAYS[way](fleet, at_once)
    work(numbers[:1])
    before, started = _peak(), time.perf_counter()
    work(numbers[1:])
    seconds = time.perf_counter() - started
    told.send(Measured(len(numbers) - 1, seconds, _peak(), _peak() - before))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MIB


_Work = Callable[[range], None]


def _service(asked: str | None) -> Callable[[str, int], _Work]:
    def opened(fleet: str, at_once: int) -> _Work:
        from nhi_components.lifecycle.account import Terms
        from nhi_components.lifecycle.clock import system_clock
        from nhi_components.lifecycle.credentials.decision import Cause
        from nhi_components.lifecycle.credentials.fleet import run_all
        from nhi_components.lifecycle.credentials.opening import desk_of
        from nhi_components.lifecycle.credentials.outcome import Outcome
        from nhi_components.provider.recorder import recorder_of
        from nhi_components.provider.settings import Settings

        settings, cause = Settings(), Cause(asked) if asked else None
        recorder = recorder_of(settings, system_clock)
        desk = desk_of(settings.connection, lambda: recorder, lambda *_: ("bench", "measure"), system_clock)

        def rotate(number: int) -> Outcome:
            one = wanted(fleet, number)
            return desk.bring_about(Terms(one.lease, date(2026, 1, 1)), one, asked=cause)

        def work(numbers: range) -> None:
            for result in run_all(numbers, rotate, at_once):
                assert result.is_complete, result.failure
                assert result.outcome
                assert asked is None or result.outcome.revoked

        return work

    return opened


def _by_hand(way: str) -> Callable[[str, int], _Work]:
    def opened(fleet: str, _: int) -> _Work:
        from bench.credentials_by_hand import Script

        script = Script()
        rotate = getattr(script, way)

        def work(numbers: range) -> None:
            for number in numbers:
                rotate(wanted(fleet, number))

        return work

    return opened


_WAYS: Mapping[str, Callable[[str, int], _Work]] = {
    "issue": _service(None),
    "service": _service("forced"),
    "no-op": _service(None),
    "every check": _by_hand("with_every_check"),
    "in a hurry": _by_hand("in_a_hurry"),
}
