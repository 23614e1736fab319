"""One scan: all sections of all sources, several at a time, each page kept before the next is asked for.

A scan that was killed goes on where it stood; what was read is not read again. What could not be seen is kept as
such, and a scan with any of that is never called complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event
from typing import Final

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from nhi_components.core.errors import NhiError, Problem, SpecError, SystemUnreachable
from nhi_components.core.inventory.knowing import told_by_marks
from nhi_components.core.inventory.records import FoundIdentity
from nhi_components.lifecycle.discovery.ports import Busy, CursorLapsed, NotSeen, Page, Section, Source
from nhi_components.lifecycle.inventory.store import Inventory, SectionProgress, SectionState

WORKERS: Final = 8
"""Sections that are read at a time, of all sources together."""
GOES_ON_FOR: Final = timedelta(hours=24)
"""A scan that began earlier than this ago does not go on: what it has read says too little of the present."""
_ATTEMPTS: Final = 6
_backing_off = wait_exponential_jitter(initial=1, max=60)

Tell = Callable[[SectionProgress], None]
"""Is told after each page how far its section is; may be called by several threads."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan has done.

    Attributes:
        number: in the inventory.
        went_on: it continued one that had been stopped.
        sections: how far each was read.
        unreachable: sources that could not be reached at all, by connection, and why.
    """

    number: int
    went_on: bool
    sections: tuple[SectionProgress, ...]
    unreachable: Mapping[str, str]

    @property
    def unseen(self) -> tuple[SectionProgress, ...]:
        """The sections that were not seen, or failed."""
        return tuple(each for each in self.sections if each.state is not SectionState.READ)

    @property
    def complete(self) -> bool:
        """Whether everything was seen that was asked for."""
        return not self.unseen and not self.unreachable


@dataclass(frozen=True, slots=True)
class Scanner:
    """Reads sources into an inventory.

    Attributes:
        inventory: where pages are kept.
        clock: tells the time.
        sleep: waits for so many seconds.
        workers: sections at a time.
        tell: is told of progress.
    """

    inventory: Inventory
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    workers: int = WORKERS
    tell: Tell = lambda _: None

    def scan(self, discoveries: Sequence[Source], *, afresh: bool = False) -> Scan:
        """Read everything, or what a scan that was stopped has left.

        Args:
            discoveries: one a connection; two of one place are refused.
            afresh: begin anew even if one was stopped.

        Raises:
            SpecError: two connections lead to one place.
        """
        sources, unreachable = self.reach(discoveries)
        number, went_on = self._number(afresh)
        known = {(each.source, each.section) for each in self.inventory.progress(number)}
        for source, discovery in sources.items():
            self.inventory.open_sections(number, source, discovery.beginnings())
        for each in self.inventory.progress(number, SectionState.OPEN):
            if each.source not in sources:
                self._give_up(number, each, SectionState.FAILED, "no connection leads there any more")
        self._read(number, sources)
        sections = self.inventory.progress(number)
        if not any(each.state is SectionState.OPEN for each in sections):
            self.inventory.end(number, self.clock())
        return Scan(number, went_on and bool(known), tuple(sections), unreachable)

    def part(self, number: int, sources: Mapping[str, Source]) -> tuple[SectionProgress, ...]:
        """Read what a partial scan has left open, and what that opens; whoever began it has to end it.

        Args:
            number: of the partial scan.
            sources: those that it reads, as `reach` gives them.
        """
        for each in self.inventory.progress(number, SectionState.OPEN):
            if each.source not in sources:
                self._give_up(number, each, SectionState.FAILED, "no connection leads there at present")
        self._read(number, sources)
        return tuple(self.inventory.progress(number))

    def reach(self, discoveries: Sequence[Source]) -> tuple[dict[str, Source], dict[str, str]]:
        """Find out where sources lead.

        Returns:
            The sources by `SYSTEM/PLACE`; and those that can't be reached, by connection, with the reason.

        Raises:
            SpecError: two of them lead to one place.
        """
        reached: dict[str, Source] = {}
        unreachable: dict[str, str] = {}
        twice: list[Problem] = []
        for discovery in discoveries:
            path = f"{discovery.system}.{discovery.connection}"
            try:
                source = f"{discovery.system}/{discovery.place()}"
            except SystemUnreachable as error:
                unreachable[path] = str(error)
                continue
            if other := reached.get(source):
                got = f"{source}, as {other.system}.{other.connection} does"
                twice.append(Problem(path, got, "each place through one connection", "leave one of them out"))
            reached[source] = discovery
        if twice:
            raise SpecError("connections", twice)
        return reached, unreachable

    def _number(self, afresh: bool) -> tuple[int, bool]:
        stopped, now = self.inventory.unfinished(), self.clock()
        if stopped is not None and not afresh and now - stopped[1] < GOES_ON_FOR:
            return stopped[0], True
        return self.inventory.begin(now), False

    def _read(self, number: int, sources: Mapping[str, Source]) -> None:
        """Read section by section until none is left open; pages may open more."""
        stopped = Event()
        begun: set[tuple[str, str]] = set()
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                while True:
                    for each in self.inventory.progress(number, SectionState.OPEN):
                        name = (each.source, each.section)
                        if name not in begun:
                            begun.add(name)
                            running.add(pool.submit(self._section, number, sources[each.source], each, stopped))
                    if not running:
                        return
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for each_done in done:
                        each_done.result()
            finally:
                stopped.set()

    def _section(self, number: int, discovery: Source, at: SectionProgress, stopped: Event) -> None:
        cursor, restarted = at.cursor, False
        pages, records = at.pages, at.records
        try:
            section = discovery.section(at.section)
            while not stopped.is_set():
                try:
                    page = _with_what_marks_tell(self._page(section, cursor))
                except CursorLapsed:
                    if restarted:
                        raise
                    restarted, cursor = True, None
                    self.inventory.restart(number, at.source, at.section)
                    continue
                self.inventory.write(number, at.source, at.section, page, self.clock())
                cursor, pages, records = page.next, pages + 1, records + len(page.records)
                state = SectionState.READ if cursor is None else SectionState.OPEN
                self.tell(SectionProgress(at.source, at.section, state, cursor, pages, records, ""))
                if cursor is None:
                    return
        except NotSeen as error:
            self._give_up(number, at, SectionState.UNSEEN, str(error))
        except NhiError as error:
            self._give_up(number, at, SectionState.FAILED, str(error))

    def _page(self, section: Section, cursor: str | None) -> Page:
        """Ask for a page; again, for a while, when the system is busy or does not answer."""
        for attempt in Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_wait,
            retry=retry_if_exception_type((Busy, SystemUnreachable)),
            sleep=self.sleep,
            reraise=True,
        ):
            with attempt:
                return section.read(cursor)
        raise AssertionError

    def _give_up(self, number: int, at: SectionProgress, state: SectionState, reason: str) -> None:
        self.inventory.give_up(number, at.source, at.section, state, reason)
        self.tell(SectionProgress(at.source, at.section, state, at.cursor, at.pages, at.records, reason))


def _with_what_marks_tell(page: Page) -> Page:
    told = [known for each in page.records if isinstance(each, FoundIdentity) for known in told_by_marks(each)]
    return replace(page, records=[*page.records, *told])


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    told = error.after if isinstance(error, Busy) else None
    return told if told is not None else _backing_off(state)
