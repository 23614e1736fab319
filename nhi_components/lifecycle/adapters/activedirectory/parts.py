"""One section of a discovery: objects of one sort, page by page, and in the end what of them could not be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nhi_components.core.inventory.records import Record
from nhi_components.lifecycle.adapters.activedirectory.entries import Entry
from nhi_components.lifecycle.adapters.activedirectory.paging import cursor_at, next_objects
from nhi_components.lifecycle.adapters.activedirectory.seeing import missing_of, not_seen
from nhi_components.lifecycle.adapters.activedirectory.session import Directory
from nhi_components.lifecycle.discovery.ports import Page

_REMEMBERED: Final = 20
"""What is hidden is told by so many examples."""
_NAMED_BY: Final = ("objectSid", "sAMAccountName")


@dataclass(frozen=True)
class Part:
    """What a section reads.

    Attributes:
        directory: where.
        base: below which object.
        query: a filter.
        attributes: which are read.
        always: those of them that every such object has.
        rights: what reading needs.
        told: makes records of objects.
        check: is asked before the first page; tells what is hidden, or raises `NotSeen` where nothing can be read.
    """

    directory: Directory
    base: str
    query: str
    attributes: Sequence[str]
    always: Sequence[str]
    rights: Sequence[str]
    told: Callable[[Sequence[Entry]], Sequence[Record]]
    check: Callable[[], Sequence[str]]

    def read(self, cursor: str | None) -> Page:
        """Read a page; see `ports.Section`. What is hidden is told once all else is read."""
        at = cursor_at(self.directory, cursor)
        hidden = list(at.blind if cursor else self.check())
        found, at = next_objects(self.directory, self.base, self.query, self.attributes, at)
        shown = [entry for entry in found if all(map(entry.has, _NAMED_BY))]
        hidden += [each for entry in found for each in missing_of(entry, self.always)]
        ended = at.begin > at.last
        if hidden and ended and not shown:
            raise not_seen(self.directory, hidden, self.rights)
        records = self.told(shown)
        going_on = replace(at, blind=tuple(hidden[:_REMEMBERED]))
        return Page(records, None if ended and not hidden else going_on.written())
