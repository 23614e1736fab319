"""Reading identities of a system that no adapter knows, through a program or a web hook that speaks for it.

docs/discovery-protocol.md tells what it is asked and how it answers. Keys of identities begin with the hook's place, so
that a hook speaks for its own system alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from threading import RLock
from typing import Final, TypeVar

from nhi_components.core.connection import HookConnection
from nhi_components.core.errors import NhiError, Problem, SpecError, SystemUnreachable
from nhi_components.core.inventory.records import FoundIdentity
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.hook.discovery_policy import PAGES, SECTIONS, Asked
from nhi_components.lifecycle.adapters.hook.discovery_protocol import (
    PageTold,
    PlaceTold,
    Refused,
    SectionsTold,
    Wrong,
    read_answer,
)
from nhi_components.lifecycle.adapters.hook.protocol import Done, request_of
from nhi_components.lifecycle.adapters.hook.speaking import Hook, HookRefused, hook_of
from nhi_components.lifecycle.discovery.ports import Busy, CursorLapsed, NotSeen, Page, Section

_LISTED: Final = "sections"
_OF_HOOK: Final = "hook/"
"""How sections begin that the hook has named."""

_A = TypeVar("_A", bound=Done)


class Discovery:
    """One system through one hook.

    Args:
        connection: its name.
        settings: the command or the web hook.
        clock: as every discovery is given it; what is told here bears the hook's own times.
    """

    system = System.HOOK

    def __init__(self, connection: str, settings: HookConnection, clock: Callable[[], datetime]) -> None:
        self.connection = connection
        self._settings = settings
        self._lock = RLock()

    def place(self) -> str:
        """Tell what the hook calls the account, workspace or server that it speaks for.

        Raises:
            SystemUnreachable: it does not answer, refuses to, or none is named.
        """
        try:
            return self._told_place()
        except NhiError as error:
            if isinstance(error, SystemUnreachable):
                raise
            fix = "correct the hook as docs/discovery-protocol.md tells, or its credentials"
            raise self._unreachable(str(error), "the name of its place", fix) from None

    def beginnings(self) -> Sequence[str]:
        """Name the sections that every scan reads."""
        return (_LISTED,)

    def section(self, name: str) -> Section:
        """Give a section by its name."""
        if name == _LISTED:
            return Section(name, "which sections the hook has", SECTIONS, self._sections)
        if not name.startswith(_OF_HOOK):
            raise ValueError(name)
        own = name.removeprefix(_OF_HOOK)
        return Section(name, f"{own}, as the hook calls it", PAGES, lambda cursor: self._page(own, cursor))

    def _sections(self, _: str | None) -> Page:
        self._told_place()
        told = self._ask(Asked.SECTIONS, SectionsTold)
        return Page((), opens=[f"{_OF_HOOK}{name}" for name in dict.fromkeys(told.sections)])

    def _page(self, section: str, cursor: str | None) -> Page:
        place = self._told_place()
        told = self._ask(Asked.PAGE, PageTold, section=section, cursor=cursor)
        records = [each.found(place) for each in told.records]
        foreign = [
            Problem(
                f"answer.records[{index}].key",
                "a key that begins otherwise",
                f"one that begins with {place}/",
                "write the place and a slash before it",
            )
            for index, record in enumerate(records)
            if isinstance(record, FoundIdentity) and not record.key.startswith(f"{place}/")
        ]
        if foreign:
            raise self._wrong(Asked.PAGE, foreign)
        return Page(records, told.next, [f"{_OF_HOOK}{name}" for name in dict.fromkeys(told.opens)])

    def _told_place(self) -> str:
        with self._lock:
            return self._place

    @cached_property
    def _place(self) -> str:
        return self._ask(Asked.PLACE, PlaceTold).place

    def _ask(self, action: Asked, model: type[_A], **facts: str | None) -> _A:
        hook = self._hook
        try:
            answer = read_answer(hook.answered(request_of(action, facts)), model)
        except Wrong as wrong:
            raise self._wrong(action, wrong.problems) from None
        if isinstance(answer, Refused):
            raise self._refusal(action, answer, hook)
        return answer

    @cached_property
    def _hook(self) -> Hook:
        return hook_of(self.connection, self._settings)

    def _refusal(self, action: Asked, refused: Refused, hook: Hook) -> NhiError:
        said = f"{hook.name} refused {action}: {refused.shown(hook.token)}"
        told = f"{System.HOOK}.{self.connection}: {said}"
        match refused.code:
            case "denied":
                return NotSeen(f"{told}; fix: give the hook's own credentials what they lack")
            case "busy":
                return Busy(told, refused.retry_after)
            case "lapsed":
                return CursorLapsed(told)
            case "unauthorized":
                fix = "renew the credentials with which the hook reaches its system"
                return self._unreachable(said, "a hook that may do so", fix)
            case "unavailable":
                return self._unreachable(said, "a system that answers", "bring it back, and run the same command again")
            case _:
                return HookRefused(f"{told}; expected it to be answered; fix: what the hook says")

    def _wrong(self, action: Asked, problems: list[Problem]) -> SpecError:
        subject = f"{System.HOOK}.{self.connection}: what {self._hook.name} answers {action}"
        return SpecError(f"{subject} (docs/discovery-protocol.md)", problems)

    def _unreachable(self, got: str, expected: str, fix: str) -> SystemUnreachable:
        return SystemUnreachable(System.HOOK, Problem(f"{System.HOOK}.{self.connection}", got, expected, fix))
