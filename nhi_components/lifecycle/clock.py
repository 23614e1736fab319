"""The clock that services are given; tests give them another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Tell the current time, aware, in UTC."""
    return datetime.now(UTC)
