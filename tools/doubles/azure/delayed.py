"""Facts that count some time after they were written: what a change of access is to the systems that judge by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Generic, TypeVar

Clock = Callable[[], datetime]
_Value = TypeVar("_Value")


class Delayed(Generic[_Value]):
    """Values by key: as they were written last, and as they count by now.

    Attributes:
        written: what a reader of the list sees at once.
    """

    def __init__(self, now: Clock, delay: Callable[[], timedelta]) -> None:
        self.written: dict[str, _Value] = {}
        self._now, self._delay = now, delay
        self._history: dict[str, list[tuple[datetime, _Value | None]]] = {}

    def put(self, key: str, value: _Value) -> None:
        """Write a value, which counts after the delay."""
        self.written[key] = value
        self._history.setdefault(key, []).append((self._now() + self._delay(), value))

    def remove(self, key: str) -> _Value | None:
        """Take a value away, which counts until the delay has passed."""
        value = self.written.pop(key, None)
        if value is not None:
            self._history[key].append((self._now() + self._delay(), None))
        return value

    def counting(self, key: str) -> _Value | None:
        """The value of a key that counts by now."""
        moment = self._now()
        return next((value for start, value in reversed(self._history.get(key, ())) if start <= moment), None)

    def keys(self) -> list[str]:
        """Every key that was ever written."""
        return list(self._history)

    def all_counting(self) -> Iterator[_Value]:
        """Every value that counts by now."""
        for key in list(self._history):
            if (value := self.counting(key)) is not None:
                yield value
