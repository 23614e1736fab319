"""The one place where a fault of ours is caught: it must neither silence a document nor end the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

INTERNAL: Final = "internal error: this was not judged"


def guarded(work: Callable[[], T], instead: Callable[[], T]) -> T:
    """Do the work; when it fails by a fault of ours, give something else instead, that must tell of it."""
    try:
        return work()
    except Exception:  # noqa: BLE001 - no input may end the run, nor be passed over, by a fault that nobody foresaw
        return instead()
