"""Closing a lease: wait until everything that bears it is confirmed gone, sweep what is left and proved ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Fact, Link, NeverCreated, NotChecked, RemovalFacts
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.cutting_off import CanaryResult, CutOffOutcome, LinkKey, links_of, sessions_refused_at
from nhi_components.lifecycle.ports import BlindSpot, CutOff, Ownership, Sighting, SystemAdapter
from nhi_components.lifecycle.residue import undeletable_for

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
CLEAN_ROUNDS = 2
"""Consecutive empty surveys that confirm absence: the systems' listings are eventually consistent (residue.md)."""

CANARY_WORKS = NotChecked("the session that was opened before the cut-off still works")

Sleep = Callable[[float], None]


@dataclass(slots=True)
class Removal:
    """What is known so far of a lease's removal.

    Attributes:
        absent_since: for each link that the newest survey saw absent, when that was first seen.
        alive: what was still ours and alive in the newest survey.
        alive_since: for each of them, since when it has been seen alive.
        swept: leftovers that were deleted here because the engine had not.
        swept_at: when each of them was.
        namesakes: somebody else's, seen and left alone.
        blind_spots: what the surveys could not look for.
        retained: until when a system keeps what was deleted and lets nobody purge it.
        failures: what could not be surveyed or swept in the newest round, a line each.
        closed_at: when everything was confirmed gone; None when the deadline passed first.
    """

    absent_since: dict[LinkKey, datetime] = field(default_factory=dict)
    alive: list[Sighting] = field(default_factory=list)
    alive_since: dict[LinkKey, datetime] = field(default_factory=dict)
    swept: dict[LinkKey, Link] = field(default_factory=dict)
    swept_at: dict[LinkKey, datetime] = field(default_factory=dict)
    namesakes: dict[LinkKey, Sighting] = field(default_factory=dict)
    blind_spots: dict[tuple[str, str], BlindSpot] = field(default_factory=dict)
    retained: dict[LinkKey, datetime] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    closed_at: datetime | None = None


def close(
    adapters: Sequence[SystemAdapter],
    lease_id: str,
    links: Sequence[Link],
    *,
    patience: timedelta,
    clock: Clock,
    sleep: Sleep,
) -> Removal:
    """Survey, sweep and wait until the lease has nothing alive, or until patience ends.

    Args:
        adapters: one for each system and connection that the lease ever touched.
        lease_id: the lease.
        links: everything that was ever linked.
        patience: how long to wait at most; at least one survey is always made.
        clock: tells the time.
        sleep: waits that many seconds.
    """
    removal = Removal()
    deadline = clock() + patience
    clean_rounds = 0
    for pause in pauses():
        _survey(removal, adapters, lease_id, links, clock)
        clean_rounds = 0 if removal.alive or removal.failures else clean_rounds + 1
        if clean_rounds == CLEAN_ROUNDS:
            removal.closed_at = clock()
            break
        _sweep(removal, adapters, clock)
        if clock() + timedelta(seconds=pause) > deadline:
            break
        sleep(pause)
    return removal


def removal_facts(
    links: Sequence[Link], removal: Removal, outcome: CutOffOutcome | None, canaries: Mapping[LinkKey, CanaryResult]
) -> list[RemovalFacts]:
    """Put together, for each linked resource, the five facts of its removal.

    Args:
        links: everything that was ever linked; the same place twice when it was held by two unique ids in turn.
        removal: what closing the lease showed.
        outcome: what cutting it off did; None when nothing is known of that.
        canaries: what each canary told in the end.
    """
    cut_offs = {cut_off.link.key: cut_off for cut_off in outcome.cut_offs} if outcome else {}
    seen = [cut_off.link for cut_off in cut_offs.values()]
    extras = [extra for cut_off in cut_offs.values() for extra in cut_off.extras]
    alive = [sighting.link for sighting in removal.alive]
    known = _distinct([*seen, *extras, *removal.swept.values(), *alive, *links])
    return [_facts(link, removal, cut_offs.get(link.key), canaries) for link in known]


def _distinct(links: Sequence[Link]) -> list[Link]:
    identified = {link.key for link in links if link.unique_id}
    chosen = [link for link in links if link.unique_id or link.key not in identified]
    return list({(link.key, link.unique_id): link for link in reversed(chosen)}.values())[::-1]


def _facts(
    link: Link, removal: Removal, cut_off: CutOff | None, canaries: Mapping[LinkKey, CanaryResult]
) -> RemovalFacts:
    if cut_off and cut_off.link.unique_id != link.unique_id:
        cut_off, canaries = None, {}
    alive = next((s for s in removal.alive if s.link.key == link.key), None)
    absent_at: Fact = removal.absent_since.get(link.key, removal.closed_at)
    if alive:
        absent_at = NotChecked("still alive at the deadline")
    sessions: Fact = None
    if cut_off and not isinstance(refused_at := sessions_refused_at(cut_off, canaries), datetime):
        sessions = refused_at
    return RemovalFacts(
        link=link,
        disabled_at=cut_off.disabled_at if cut_off else None,
        absent_at=absent_at if absent_at else NotChecked("the survey did not complete"),
        refused_at=_refused_at(link, cut_off, canaries),
        recoverable_until=alive.recoverable_until if alive else _recoverable_until(link, removal, absent_at, cut_off),
        sessions_possible_until=sessions,
    )


def _recoverable_until(link: Link, removal: Removal, absent_at: Fact, cut_off: CutOff | None) -> Fact:
    """Tell until when its system could bring something back, at the latest: counted from when it was seen absent."""
    if link.key in removal.retained:
        return removal.retained[link.key]
    span = undeletable_for(link.kind)
    existed = link.unique_id and not (cut_off and isinstance(cut_off.disabled_at, NeverCreated))
    return absent_at + span if span and existed and isinstance(absent_at, datetime) else None


def _refused_at(link: Link, cut_off: CutOff | None, canaries: Mapping[LinkKey, CanaryResult]) -> Fact:
    if link.key in canaries:
        refused_at = canaries[link.key].refused_at
        return refused_at if refused_at else CANARY_WORKS
    return NotChecked(cut_off.without_canary) if cut_off and cut_off.without_canary else None


def _survey(
    removal: Removal, adapters: Sequence[SystemAdapter], lease_id: str, links: Sequence[Link], clock: Clock
) -> None:
    removal.alive, removal.failures = [], []
    for adapter in adapters:
        own = links_of(adapter, links)
        try:
            sightings = adapter.survey(lease_id, own)
        except NhiError as failure:
            removal.failures.append(str(failure))
            for link in own:
                removal.absent_since.pop(link.key, None)
            continue
        removal.blind_spots |= {(spot.connection, spot.kind): spot for spot in adapter.blind_spots(own)}
        now = clock()
        found = [sighting for sighting in sightings if sighting.ownership is Ownership.OURS]
        removal.retained |= {each.link.key: each.retained_until for each in found if each.retained_until}
        ours = [sighting for sighting in found if not sighting.retained_until]
        keys = {sighting.link.key for sighting in ours}
        removal.alive += ours
        removal.namesakes |= {s.link.key: s for s in sightings if s.ownership is Ownership.NAMESAKE}
        for key in keys:
            removal.absent_since.pop(key, None)
            removal.alive_since.setdefault(key, now)
        for link in [*own, *links_of(adapter, list(removal.swept.values()))]:
            if link.key not in keys:
                removal.absent_since.setdefault(link.key, now)


def _sweep(removal: Removal, adapters: Sequence[SystemAdapter], clock: Clock) -> None:
    for adapter in adapters:
        for sighting in removal.alive:
            if (sighting.link.system, sighting.link.connection) != (adapter.system, adapter.connection):
                continue
            try:
                adapter.sweep(sighting)
                removal.swept[sighting.link.key] = sighting.link
                removal.swept_at[sighting.link.key] = clock()
            except NhiError as failure:
                removal.failures.append(str(failure))


def pauses() -> Iterator[float]:
    """Tell how long to wait from one look to the next, in seconds."""
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 2, LONGEST_PAUSE)
