"""How long a revocation took on each system: from its start until nothing there was let through any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nhi_components.core.links import Fact, Link, NeverCreated, NotChecked, System
from nhi_components.lifecycle.cutting_off import CanaryResult, CutOffOutcome, LinkKey, sessions_refused_at
from nhi_components.lifecycle.ports import CutOff
from nhi_components.lifecycle.teardown import CANARY_WORKS

_NOTHING_FOUND = NotChecked("nothing was found there that could be cut off")
_CLOCK_WENT_BACK = NotChecked("the machine's clock went back meanwhile")

Place = tuple[System, str]


@dataclass(frozen=True, slots=True)
class Latency:
    """What was measured through one connection.

    Attributes:
        started: when the revocation started.
        completed: when the last principal there was disabled, its sessions refused and its canary refused; or why
            that is not known.
    """

    system: System
    connection: str
    started: datetime
    completed: datetime | NotChecked

    @property
    def place(self) -> Place:
        """Where it was measured."""
        return self.system, self.connection


def places_of(links: Sequence[Link]) -> list[Place]:
    """Tell on which systems links live, and through which connections they are reached."""
    return list(dict.fromkeys((link.system, link.connection) for link in links))


def latencies(
    links: Sequence[Link],
    outcome: CutOffOutcome,
    canaries: Mapping[LinkKey, CanaryResult],
    *,
    started: datetime,
    earlier: Sequence[Latency] = (),
) -> list[Latency]:
    """Measure how fast cutting a lease off was, for each system and connection on which anything of it existed.

    What is no principal, such as a KV entry, does not count. A principal whose canary was not opened, not tried or not
    refused leaves open when access ended.

    Args:
        links: everything that was linked.
        outcome: what cutting off did.
        canaries: what each canary told.
        started: when the revocation started.
        earlier: what was measured before in the same revocation; a system that was complete then, is.
    """
    known = {latency.place: latency for latency in earlier if isinstance(latency.completed, datetime)}
    measured = []
    for place in places_of(links):
        if place in known:
            measured.append(known[place])
        elif completed := _completed(place, outcome, canaries):
            if isinstance(completed, datetime) and completed < started:
                completed = _CLOCK_WENT_BACK
            measured.append(Latency(*place, started, completed))
    return measured


def _completed(
    place: Place, outcome: CutOffOutcome, canaries: Mapping[LinkKey, CanaryResult]
) -> datetime | NotChecked | None:
    """Tell when all was complete at a place; None when nothing there ever existed that could be used."""
    failed = next((f for f in outcome.failures if (f.system, f.connection) == place), None)
    if failed:
        return NotChecked(f"not cut off: {failed}")
    rows = [row for row in outcome.cut_offs if (row.link.system, row.link.connection) == place]
    principals = [row for row in rows if row.disabled_at is not None]
    if principals and all(isinstance(row.disabled_at, NeverCreated) for row in principals):
        return None
    facts = [fact for row in principals for fact in _facts(row, canaries)]
    unknown = next((fact for fact in facts if isinstance(fact, NotChecked)), None)
    return unknown or max((fact for fact in facts if isinstance(fact, datetime)), default=_NOTHING_FOUND)


def _facts(row: CutOff, canaries: Mapping[LinkKey, CanaryResult]) -> list[Fact]:
    facts = [row.disabled_at, sessions_refused_at(row, canaries)]
    if row.link.key in canaries:
        return [*facts, canaries[row.link.key].refused_at or CANARY_WORKS]
    if row.canary or row.without_canary:
        return [*facts, NotChecked(row.without_canary or "the session that was opened before it was not tried")]
    return facts
