"""Cutting a lease off: every system is tried, whatever the others do, and each session is tried afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import Fact, Link, NotChecked, StillWorked, System
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.credentials.canaries import KeyInHand
from nhi_components.lifecycle.ports import Canary, CutOff, SystemAdapter

LinkKey = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class CanaryResult:
    """What a canary told: when it was refused, or why that is not known."""

    canary: Canary
    refused_at: Fact


def sessions_refused_at(cut_off: CutOff, canaries: Mapping[LinkKey, CanaryResult]) -> Fact:
    """Tell when a principal's sessions were refused: as its canary has told since, if that was not seen at once."""
    told = canaries.get(cut_off.link.key)
    later = told.refused_at if told and isinstance(cut_off.sessions_refused_at, StillWorked) else None
    return later if isinstance(later, datetime) else cut_off.sessions_refused_at


@dataclass(frozen=True, slots=True)
class Failure:
    """A system on which nothing could be ended through one connection, and why."""

    system: System
    connection: str
    error: NhiError

    def __str__(self) -> str:
        """Tell why."""
        return str(self.error)


@dataclass(frozen=True, slots=True)
class CutOffOutcome:
    """What cutting a lease off did, on every system that could be reached.

    Attributes:
        started_at: when it began.
        cut_offs: one for each linked resource that was cut off.
        canaries: by link key, each tried once already.
        failures: the systems that could not be cut off.
    """

    started_at: datetime
    cut_offs: tuple[CutOff, ...]
    canaries: Mapping[LinkKey, CanaryResult]
    failures: tuple[Failure, ...]


class CutOffIncomplete(NhiError):
    """Some systems could not be cut off; those that could be, were."""

    def __init__(self, lease_id: str, outcome: CutOffOutcome) -> None:
        self.outcome = outcome
        done = ", ".join(str(cut_off.link) for cut_off in outcome.cut_offs) or "nothing"
        failures = "\n".join(f"  {failure}" for failure in outcome.failures)
        super().__init__(
            f"{lease_id}: cut off: {done}; not cut off, nothing was deleted there:\n{failures}\n"
            "  fix: make the system reachable and run the same command again; it resumes\n"
            "  meanwhile: `pulumi destroy --continue-on-error` also removes the other identities of the stack,\n"
            "  wherever they can be reached; `pulumi up --refresh` keeps this one after all, and gives back what\n"
            "  was cut off"
        )


def cut_off(
    adapters: Sequence[SystemAdapter],
    lease_id: str,
    links: Sequence[Link],
    clock: Clock,
    keys: Sequence[Canary] = (),
) -> CutOffOutcome:
    """Disable every principal of the lease and make its live sessions and tokens useless.

    A system that does not answer does not keep the others from being cut off.

    Args:
        adapters: one for each system and connection.
        lease_id: the lease.
        links: what belongs to it.
        clock: tells the time.
        keys: keys of credentials, which worked a moment ago, to be tried afterwards.
    """
    started_at = clock()
    cut_offs: list[CutOff] = []
    canaries: dict[LinkKey, CanaryResult] = {}
    failures: list[Failure] = []
    for adapter in adapters:
        try:
            done = _with_keys(adapter.cut_off(lease_id, links_of(adapter, links), clock()), adapter, keys, clock)
            canaries |= {c.link.key: CanaryResult(c.canary, _try(adapter, c.canary, clock)) for c in done if c.canary}
            cut_offs += done
        except NhiError as error:
            failures.append(Failure(adapter.system, adapter.connection, error))
    return CutOffOutcome(started_at, tuple(cut_offs), canaries, tuple(failures))


def _with_keys(done: Sequence[CutOff], adapter: SystemAdapter, keys: Sequence[Canary], clock: Clock) -> list[CutOff]:
    """Add to what was cut off on a system the keys that are in hand, to be tried."""
    here = {key.link.key: key for key in keys if (key.link.system, key.link.connection) == place_of(adapter)}
    known = [replace(row, canary=here.pop(row.link.key)) if row.link.key in here else row for row in done]
    now = clock()
    return [*known, *(CutOff(key.link, now, now, canary=key) for key in here.values())]


def place_of(adapter: SystemAdapter) -> tuple[System, str]:
    """Tell on which system an adapter is, and through which connection."""
    return adapter.system, adapter.connection


def try_canaries(
    adapters: Sequence[SystemAdapter], canaries: Mapping[LinkKey, CanaryResult], clock: Clock
) -> dict[LinkKey, CanaryResult]:
    """Try each canary once more, after everything is gone."""
    by_place = {(adapter.system, adapter.connection): adapter for adapter in adapters}
    return {
        key: CanaryResult(result.canary, _try(by_place[link.system, link.connection], result.canary, clock))
        for key, result in canaries.items()
        for link in [result.canary.link]
        if (link.system, link.connection) in by_place
    }


def links_of(adapter: SystemAdapter, links: Sequence[Link]) -> list[Link]:
    """Choose the links that live on an adapter's system, through its connection."""
    return [link for link in links if (link.system, link.connection) == (adapter.system, adapter.connection)]


def _try(adapter: SystemAdapter, canary: Canary, clock: Clock) -> Fact:
    try:
        if isinstance(canary.credential, KeyInHand):
            return canary.credential.refused_at()
        return adapter.try_canary(canary, clock())
    except SystemUnreachable as failure:
        return NotChecked(f"the canary could not be tried: {failure.problem.got}")
    except NhiError as failure:
        # Everything was cut off: what can't be tried must not hide that.
        return NotChecked(f"the canary could not be tried: {failure}")
