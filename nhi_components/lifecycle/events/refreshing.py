"""Refreshing: what events say is kept, and the sections that they make stale are read again in a partial scan.

A partial scan marks nothing as gone but what its own sections no longer tell, so that a full scan that was stopped goes
on beside it. Killed, it goes on where it stood; an event counts as done once all that it makes stale has been read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from nhi_components.core.errors import NhiError, Problem, SpecError
from nhi_components.core.glob import glob_matches
from nhi_components.lifecycle.discovery.ports import Source
from nhi_components.lifecycle.discovery.scanning import GOES_ON_FOR, Scanner
from nhi_components.lifecycle.events.journal import Journal, Waiting
from nhi_components.lifecycle.events.ports import EVERYTHING, SETTLED, Event, EventSource, together
from nhi_components.lifecycle.inventory.store import SectionProgress, SectionState

_WHOLE: Final = EVERYTHING[0]

OpenSources = Callable[[frozenset[str]], Sequence[Source]]
"""Opens the sources of some systems; afresh each time, as what is opened remembers what it has read."""


@dataclass(slots=True)
class Plan:
    """What is to be read again.

    Attributes:
        stale: sections, by source.
        taken: the events for which they are read.
        idle: events that make nothing stale of what the inventory holds.
        later: events whose system may still show what was before.
        elsewhere: events of places that no connection leads to, and that the inventory never held.
        stranded: events of places that the inventory holds, but that can't be reached at present.
        unreachable: by connection, why.
    """

    stale: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    taken: list[Waiting] = field(default_factory=list)
    idle: list[Waiting] = field(default_factory=list)
    later: list[Waiting] = field(default_factory=list)
    elsewhere: list[Waiting] = field(default_factory=list)
    stranded: list[Waiting] = field(default_factory=list)
    unreachable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh has done.

    Attributes:
        plan: what was to be read.
        sections: how far each was read, also those of a partial scan that had been stopped.
        kept: how many events were told that were not known yet.
        unread: readers of events that could not be read, by name, and why.
    """

    plan: Plan
    sections: tuple[SectionProgress, ...]
    kept: int
    unread: Mapping[str, str]

    @property
    def unseen(self) -> tuple[SectionProgress, ...]:
        """The sections that were not seen, or failed."""
        return tuple(each for each in self.sections if each.state is not SectionState.READ)

    @property
    def complete(self) -> bool:
        """Whether the inventory shows all that was told."""
        return not (self.unseen or self.unread or self.plan.later or self.plan.stranded or self.plan.unreachable)


@dataclass(frozen=True, slots=True)
class Refresher:
    """Follows events with one inventory.

    Attributes:
        scanner: reads sections into it.
        journal: keeps its events.
        open_sources: opens what is read.
    """

    scanner: Scanner
    journal: Journal
    open_sources: OpenSources

    def refresh(self, readers: Sequence[EventSource]) -> Refreshed:
        """Keep what is told, and read again what it makes stale.

        Raises:
            SpecError: there is no full scan that events could follow.
        """
        since = self._since()
        went_on = self._go_on()
        kept, unread = self._catch_up(readers, since)
        self._settle()
        waiting = self.journal.waiting()
        sources, unreachable = self._reach(each.event.system for each in waiting)
        plan = self._plan(waiting, sources, unreachable)
        now = self.scanner.clock()
        self.journal.done([each.row for each in (*plan.idle, *plan.elsewhere)], now)
        read: tuple[SectionProgress, ...] = ()
        if plan.taken:
            number = self.journal.begin(now, plan.stale, [each.row for each in plan.taken])
            read = self._finish(number, sources)
        self.journal.forget(now)
        return Refreshed(plan, (*went_on, *read), kept, unread)

    def preview(self, readers: Sequence[EventSource]) -> Refreshed:
        """Tell what `refresh` would read, and change nothing."""
        since, unread = self._since(), dict[str, str]()
        told = []
        for reader in readers:
            with _noting(unread, reader.name):
                told += [batch.told for batch in reader.read(self.journal.cursor(reader.name), since)]
        fresh = self.journal.fresh(together(told).events, self.scanner.clock())
        waiting = [*self.journal.waiting(), *fresh]
        plan = self._plan(waiting, *self._reach(each.event.system for each in waiting))
        stopped = self.journal.unfinished()
        left = self.scanner.inventory.progress(stopped[0], SectionState.OPEN) if stopped else ()
        for each in left:
            plan.stale[each.source].add(each.section)
        return Refreshed(plan, (), len(fresh), unread)

    def _since(self) -> datetime:
        since = self.journal.since()
        if since is None:
            problem = Problem("inventory", "no scan", "a full scan that events can follow", "run `nhi discover` first")
            raise SpecError("nhi refresh", [problem])
        return since

    def _reach(self, systems: Iterable[str]) -> tuple[Mapping[str, Source], Mapping[str, str]]:
        asked = frozenset(systems)
        return self.scanner.reach(self.open_sources(asked)) if asked else ({}, {})

    def _catch_up(self, readers: Iterable[EventSource], since: datetime) -> tuple[int, dict[str, str]]:
        kept, unread = 0, dict[str, str]()
        for reader in readers:
            with _noting(unread, reader.name):
                for batch in reader.read(self.journal.cursor(reader.name), since):
                    kept += self.journal.keep(reader.name, batch, self.scanner.clock())
        return kept, unread

    def _settle(self) -> None:
        """Wait until systems show what is after the events that happened just now."""
        now = self.scanner.clock()
        pauses = [each.ready_at - now for each in self.journal.waiting()]
        soon = max((each for each in pauses if each <= SETTLED), default=None)
        if soon is not None and soon.total_seconds() > 0:
            self.scanner.sleep(soon.total_seconds())

    def _plan(self, waiting: Sequence[Waiting], sources: Mapping[str, Source], unreachable: Mapping[str, str]) -> Plan:
        plan, now = Plan(unreachable=unreachable), self.scanner.clock()
        held = self.journal.sources()
        known = self.journal.known({each.event.unless_known for each in waiting if each.event.unless_known})
        of_source = {
            source: _Sections(self.journal.sections(source), each.beginnings()) for source, each in sources.items()
        }
        for each in waiting:
            event = each.event
            leads = [source for source in sources if _is_of(event, source)]
            if event.unless_known in known:
                plan.idle.append(each)
            elif each.ready_at > now:
                plan.later.append(each)
            elif not leads:
                away = any(path.startswith(f"{event.system}.") for path in unreachable)
                away = away or any(_is_of(event, source) for source in held)
                (plan.stranded if away else plan.elsewhere).append(each)
            else:
                stale = {source: names for source in leads if (names := of_source[source].stale_by(event))}
                for source, names in stale.items():
                    plan.stale[source] |= names
                (plan.taken if stale else plan.idle).append(each)
        return plan

    def _go_on(self) -> tuple[SectionProgress, ...]:
        """Finish the partial scan that was stopped, if there is one; one of long ago is begun anew."""
        stopped = self.journal.unfinished()
        if stopped is None:
            return ()
        number, began = stopped
        if self.scanner.clock() - began < GOES_ON_FOR:
            left = self.scanner.inventory.progress(number)
            return self._finish(number, self._reach(each.source.partition("/")[0] for each in left)[0])
        self.journal.release([each.row for each in self.journal.of_scan(number)])
        self.scanner.inventory.end(number, self.scanner.clock(), ())
        return self._go_on()

    def _finish(self, number: int, sources: Mapping[str, Source]) -> tuple[SectionProgress, ...]:
        read = self.scanner.part(number, sources)
        names: dict[str, set[str]] = defaultdict(set)
        for each in read:
            names[each.source].add(each.section)
        whole = [source for source in names if source in sources and names[source] >= set(sources[source].beginnings())]
        taken = self.journal.of_scan(number)
        again = set(_to_be_read_again(taken, read))
        self.journal.release(again)
        self.journal.done([each.row for each in taken if each.row not in again], self.scanner.clock())
        self.scanner.inventory.end(number, self.scanner.clock(), whole)
        return read


@dataclass(frozen=True, slots=True)
class _Sections:
    """The sections of one source: those that scans have opened, and those that every scan begins with."""

    opened: set[str]
    beginnings: Sequence[str]

    def stale_by(self, event: Event) -> set[str]:
        if _WHOLE in event.sections:
            return set(self.beginnings)
        for patterns in (event.sections, event.otherwise):
            if found := {each for each in (*self.beginnings, *self.opened) if _matches(patterns, each)}:
                return found
        return set()


def _matches(patterns: Iterable[str], section: str) -> bool:
    """Whatever the case of letters: records and connections may write the same name in other ones."""
    return any(glob_matches(pattern.casefold(), section.casefold()) for pattern in patterns)


def _is_of(event: Event, source: str) -> bool:
    """Tell whether an event may be of a source: of just its place, or of its system where the place is not told."""
    system, _, place = source.partition("/")
    return system == event.system and event.place in ("", place)


def _to_be_read_again(taken: Sequence[Waiting], read: Iterable[SectionProgress]) -> Iterator[str]:
    """Yield the events for which something was not read; of a section that none names, all that may have opened it."""
    unread = [each for each in read if each.state is not SectionState.READ]
    for section in unread:
        of_source = [each for each in taken if _is_of(each.event, section.source)]
        named = [each for each in of_source if _matches((*each.event.sections, *each.event.otherwise), section.section)]
        yield from (each.row for each in named or of_source)


@contextmanager
def _noting(unread: dict[str, str], reader: str) -> Iterator[None]:
    """Note why a reader can't be read; the others are."""
    try:
        yield
    except NhiError as error:
        unread[reader] = str(error)
