"""Whether what a system answers quotes a value that was sent to it; then its text must not be shown."""

from __future__ import annotations

from collections.abc import Iterable

_SHORTEST_PART = 8
"""Our own figure: a shorter part of a value tells little, and stands in many texts by chance."""


def quotes(text: str, values: Iterable[str]) -> bool:
    """Tell whether a text has one of the values in it, or a word of one: line ends are written in many ways."""
    parts = {part for value in values for part in (value, *(p for p in value.split() if len(p) >= _SHORTEST_PART))}
    return any(part in text for part in parts - {""})
