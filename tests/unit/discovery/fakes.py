"""A discovery whose pages a test writes, that can be busy, closed, or killed on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

from nhi_components.core.inventory.records import FoundIdentity, Record
from nhi_components.core.links import System
from nhi_components.lifecycle.discovery.ports import Page, Section

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def role(name: str, unique_id: str = "", **fields: object) -> FoundIdentity:
    """A role of an account."""
    key = f"arn:aws:iam::111111111111:role/{name}"
    told = {"marks": {}} | fields
    return FoundIdentity(key, System.AWS, "111111111111", "iam-role", name, unique_id or f"AROA{name}", **told)  # type: ignore[arg-type]


@dataclass
class PlannedDiscovery:
    """Pages by section; a page's cursor is its index.

    Attributes:
        pages: records of each page, by section.
        opens: sections that the first page of a section opens.
        before: errors to raise, each once, before a section's pages are given.
        asked: every section and cursor that was asked for.
    """

    pages: Mapping[str, Sequence[Sequence[Record]]]
    opens: Mapping[str, Sequence[str]] = field(default_factory=dict)
    before: Mapping[str, Sequence[BaseException]] = field(default_factory=dict)
    connection: str = "default"
    account: str = "111111111111"
    system: System = System.AWS
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._before = {name: deque(errors) for name, errors in self.before.items()}

    def place(self) -> str:
        return self.account

    def beginnings(self) -> Sequence[str]:
        opened = {name for names in self.opens.values() for name in names}
        return [name for name in self.pages if name not in opened]

    def section(self, name: str) -> Section:
        return Section(name, f"what is in {name}", ("read",), lambda cursor: self._read(name, cursor))

    def _read(self, name: str, cursor: str | None) -> Page:
        with self._lock:
            self.asked.append((name, cursor))
            waiting = self._before.get(name)
            if waiting:
                raise waiting.popleft()
        at = int(cursor or 0)
        last = at + 1 >= len(self.pages[name])
        opens = self.opens.get(name, ()) if at == 0 else ()
        return Page(self.pages[name][at], None if last else str(at + 1), opens)
