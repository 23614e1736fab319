"""Times that an adapter tells: what it was given plus what has elapsed since, so that it needs no clock of its own."""

from __future__ import annotations

import time
from datetime import datetime, timedelta


class Elapsed:
    """Counts on from the time that a service passed in."""

    def __init__(self, now: datetime) -> None:
        self._start = now
        self._started = time.monotonic()

    def now(self) -> datetime:
        """Tell the time, on the scale of the clock that the service reads."""
        return self._start + timedelta(seconds=time.monotonic() - self._started)
