"""Garbage of processes that end soon: hardly anything of it is worth looking for."""

from __future__ import annotations

import atexit
import gc

RARELY = 50_000
"""How many more objects are made than ended before Python looks for cycles among them, which take some MB at most.
By its own figure, 700, it goes through all that imports have made again and again, and all of it stays."""


def collect_rarely() -> None:
    """Let Python look for garbage seldom, and not once more at the end; called before a command's or plugin's imports.

    Together that takes a quarter of a start-up's time.
    """
    gc.set_threshold(RARELY, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)
