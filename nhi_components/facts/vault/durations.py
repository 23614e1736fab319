"""Reads the durations of Vault: seconds, or text such as `24h` and `30d`.

Source: Vault documentation, 'Duration format strings'.
"""

from __future__ import annotations

import re
from typing import Final

_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
_PART: Final = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h|d)")
_DAY: Final = 86400


def seconds_of(value: object) -> float | None:
    """Give a duration in seconds; None for what is not one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if 0 <= value < 1e15 else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return float(text)
    total, end = 0.0, 0
    for part in _PART.finditer(text):
        if part.start() != end:
            return None
        total += float(part[1]) * _SECONDS[part[2]]
        end = part.end()
    return total if text and end == len(text) else None


def days_of(seconds: float) -> int:
    """Give whole days, rounded up."""
    return int(-(-seconds // _DAY))
