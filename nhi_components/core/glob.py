"""Patterns with `*` (any characters) and `?` (one character), matched in time linear in pattern and text."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple


def glob_matches(pattern: str, text: str) -> bool:
    """Tell whether a whole text matches a pattern; letters must agree in case."""
    return glob_matcher(pattern)(text)


@lru_cache(maxsize=4096)
def glob_matcher(pattern: str) -> Callable[[str], bool]:
    """Give the test of a pattern: parts between asterisks are found in turn, each at its first place."""
    if "*" not in pattern and "?" not in pattern:
        return pattern.__eq__
    if not pattern.strip("*"):
        return _anything
    if pattern.find("*") == len(pattern) - 1 and "?" not in pattern:
        beginning = pattern[:-1]
        return lambda text: text.startswith(beginning)
    first, *others = pattern.split("*")
    if not others:
        return lambda text: len(text) == len(first) and _stands_at(first, text, 0)
    last, middle = others[-1], [_part(part) for part in others[:-1] if part]
    shortest = len(pattern) - pattern.count("*")

    def matches(text: str) -> bool:
        if len(text) < shortest or not _stands_at(first, text, 0):
            return False
        end = len(text) - len(last)
        if not _stands_at(last, text, end):
            return False
        start = len(first)
        for part in middle:
            start = _find(part, text, start, end)
            if start < 0:
                return False
            start += len(part.text)
        return start <= end

    return matches


class _Part(NamedTuple):
    """What stands between two asterisks.

    Attributes:
        text: with its `?`.
        letters: its longest run without `?`.
        before: how many characters stand before the letters.
    """

    text: str
    letters: str
    before: int


def _anything(text: str) -> bool:
    return True


def _stands_at(part: str, text: str, start: int) -> bool:
    if "?" not in part:
        return text.startswith(part, start)
    return all(mine in ("?", yours) for mine, yours in zip(part, text[start : start + len(part)], strict=True))


def _find(part: _Part, text: str, start: int, end: int) -> int:
    """Find the first place of a part; its longest run of letters is looked for, the rest compared there."""
    found = text.find(part.letters, start + part.before, end)
    if part.text is part.letters:
        return found
    while 0 <= found - part.before <= end - len(part.text):
        if _stands_at(part.text, text, found - part.before):
            return found - part.before
        found = text.find(part.letters, found + 1, end)
    return -1


def _part(text: str) -> _Part:
    if "?" not in text:
        return _Part(text, text, 0)
    letters = max(text.split("?"), key=len)
    return _Part(text, letters, text.index(letters))
