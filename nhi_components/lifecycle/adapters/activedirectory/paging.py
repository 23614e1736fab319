"""Reading many objects page by page, so that another process can go on where one was killed.

A server forgets where a paged search stood when its connection ends. So pages are ranges of `uSNCreated`, the number
of the change by which a server got to know an object: it never changes, and new objects have higher ones. Each server
counts by itself, so a cursor holds only at the server that gave it.

Source: [MS-ADTS] 3.1.1.1.9 and 3.1.1.3.2.10 for these numbers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Final

from nhi_components.lifecycle.adapters.activedirectory.entries import Entry
from nhi_components.lifecycle.adapters.activedirectory.session import Directory
from nhi_components.lifecycle.discovery.ports import CursorLapsed

_MOST: Final = 1000
"""Objects on a page: what servers of Microsoft's give at a time. A range with as many is narrowed; one with less than a
quarter, which is our own figure, makes the next one wider."""
_FIRST_RANGE: Final = 4096


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where reading goes on.

    Attributes:
        server: the server that counts.
        begin: the lowest number of the next page.
        width: how many numbers it spans.
        last: the highest number when reading began.
        blind: what could not be read so far, for people.
    """

    server: str
    begin: int
    width: int
    last: int
    blind: tuple[str, ...] = ()

    def written(self) -> str:
        """Write it as the text that a scan keeps."""
        return json.dumps(asdict(self), sort_keys=True)


def cursor_at(directory: Directory, told: str | None) -> Cursor:
    """Read a cursor; the one of the first page when there is none.

    Raises:
        CursorLapsed: another server gave it.
    """
    root = directory.root()
    if told is None:
        return Cursor(root.server, 0, _FIRST_RANGE, root.usn)
    with suppress(ValueError, TypeError):
        read = Cursor(**json.loads(told))
        if read.server == root.server:
            return replace(read, blind=tuple(read.blind))
    raise CursorLapsed(f"{directory.where}: another domain controller answers, which counts by itself")


def next_objects(
    directory: Directory, base: str, query: str, attributes: Sequence[str], at: Cursor
) -> tuple[list[Entry], Cursor]:
    """Read the next objects that there are, and where reading goes on; it has ended once `begin` is above `last`."""
    found = list[Entry]()
    while not found and at.begin <= at.last:
        end = min(at.begin + at.width - 1, at.last)
        ranged = f"(&{query}(uSNCreated>={at.begin})(uSNCreated<={end}))"
        found = directory.search(base, ranged, [*attributes, "uSNCreated"], most=_MOST)
        if len(found) == _MOST and at.width > 1:
            # There may be more of them than were asked for.
            found, at = [], replace(at, width=at.width // 2)
            continue
        at = replace(at, begin=end + 1, width=at.width * 2 if len(found) < _MOST // 4 else at.width)
    return found, at
