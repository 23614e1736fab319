"""Helps the generators of pages in docs/, and the tests that read them."""

from __future__ import annotations

from itertools import takewhile
from textwrap import fill

_WIDTH = 120


def wrapped(text: str, mark: str = "") -> str:
    """Break a text into lines; those after the first are indented as far as the mark of the first is long."""
    return fill(
        text,
        _WIDTH,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )


def rows(page: str, heading: str) -> list[list[str]]:
    """The rows of a page's table that begins with a heading, such as `what | end date`; cell by cell."""
    lines = page[page.index(f"| {heading} |") :].splitlines()[2:]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in takewhile(lambda line: line.startswith("|"), lines)
    ]
