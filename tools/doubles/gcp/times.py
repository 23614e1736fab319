"""Durations and times as requests give them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from tools.doubles.gcp.errors import refuse

_DURATION = re.compile(r"(\d+(?:\.\d{1,9})?)s")


def duration(text: str) -> timedelta:
    """Read `86400s` (google.protobuf.Duration)."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise refuse("INVALID_ARGUMENT", f"Invalid duration {text!r}: it must end with 's'.")
    return timedelta(seconds=float(found[1]))


def moment(text: str) -> datetime:
    """Read a time in RFC 3339."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise refuse("INVALID_ARGUMENT", f"Invalid time {text!r}: RFC 3339 is expected.") from None
    if read.tzinfo is None:
        raise refuse("INVALID_ARGUMENT", f"Invalid time {text!r}: it has no offset.")
    return read
