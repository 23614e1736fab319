"""Using an access over and over while something else happens to it."""

from __future__ import annotations

import threading
from collections.abc import Callable

_PAUSE_SECONDS = 0.2


class Using:
    """Uses an access over and over while something else happens.

    Attributes:
        tries: how often it was used.
        refused: how often it was refused.
    """

    def __init__(self, use: Callable[[], bool]) -> None:
        self._use = use
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._try)
        self.tries = 0
        self.refused = 0

    def __enter__(self) -> Using:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _try(self) -> None:
        while not self._ended.is_set():
            self.tries += 1
            self.refused += not self._use()
            self._ended.wait(_PAUSE_SECONDS)
