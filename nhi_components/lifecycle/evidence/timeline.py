"""A small picture of a teardown: when each linked resource was disabled, absent and refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nhi_components.lifecycle.evidence.contents import RemovalRow
from nhi_components.lifecycle.evidence.parts import At, FactRecord, NeverMade, Unchecked

WIDTH = 32
"""Characters of the picture."""
_SEVERAL = "*"
_FACTS = (("D", "disabled", "disabled_at"), ("A", "absent", "absent_at"), ("R", "refused", "refused_at"))


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One linked resource in the picture.

    Attributes:
        picture: D, A and R where it was disabled, absent and refused; `*` where several fall together.
        resource: what it is.
        words: the same in words, with seconds since the start.
    """

    picture: str
    resource: str
    words: str


def timeline(rows: Sequence[RemovalRow], started: datetime) -> tuple[float, list[TimelineRow]]:
    """Draw the removals over one scale.

    Args:
        rows: the removals.
        started: when the operation began; the left end, unless something was disabled before.

    Returns:
        The seconds from the left end of the picture to its right end, and a row for each removal.
    """
    times = [started, *(time for row in rows for time in _times(row).values())]
    left, right = min(times), max(times)
    span = (right - left).total_seconds()
    return span, [TimelineRow(_picture(row, left, span), str(row.link), _words(row, started)) for row in rows]


def _times(row: RemovalRow) -> dict[str, datetime]:
    facts = {letter: getattr(row, name) for letter, _, name in _FACTS}
    return {letter: fact.time for letter, fact in facts.items() if isinstance(fact, At)}


def _picture(row: RemovalRow, left: datetime, span: float) -> str:
    cells = ["·"] * WIDTH
    for letter, time in _times(row).items():
        place = round((time - left).total_seconds() / span * (WIDTH - 1)) if span else 0
        cells[place] = letter if cells[place] == "·" else _SEVERAL
    return "".join(cells)


def _words(row: RemovalRow, started: datetime) -> str:
    if isinstance(row.absent_at, NeverMade):
        return "never created"
    said = ((word, getattr(row, name)) for _, word, name in _FACTS)
    return " → ".join(text for word, fact in said if (text := _said(word, fact, started)))


def _said(word: str, fact: FactRecord, started: datetime) -> str:
    match fact:
        case At(time=time):
            return f"{word} {(time - started).total_seconds():+.1f} s"
        case Unchecked(reason=reason):
            return f"{word}: not checked ({reason})"
        case _:
            return ""
