"""Patterns with `*` (any characters) and `?` (one character), matched in time linear in pattern and text."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache


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
    last, middle = others[-1], [part for part in others[:-1] if part]
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
            start += len(part)
        return start <= end

    return matches


def _anything(text: str) -> bool:
    return True


def _stands_at(part: str, text: str, start: int) -> bool:
    if "?" not in part:
        return text.startswith(part, start)
    return all(mine in ("?", yours) for mine, yours in zip(part, text[start : start + len(part)], strict=True))


def _find(part: str, text: str, start: int, end: int) -> int:
    if "?" not in part:
        return text.find(part, start, end)
    return next((place for place in range(start, end - len(part) + 1) if _stands_at(part, text, place)), -1)
