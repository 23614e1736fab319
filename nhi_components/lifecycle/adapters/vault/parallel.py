"""Many small requests at once, but not too many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

CONCURRENCY = 8
"""Requests at once: fewer than the ten connections that a requests session keeps open to one host."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def concurrently(function: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
    """Call a function on each item and return the answers in order; the first error is raised."""
    work = list(items)
    if len(work) < 2:
        return [function(item) for item in work]
    with ThreadPoolExecutor(min(CONCURRENCY, len(work))) as pool:
        return list(pool.map(function, work))
