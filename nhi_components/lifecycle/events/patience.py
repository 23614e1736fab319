"""Asking a log again when its system wants to be asked later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from nhi_components.lifecycle.discovery.ports import Busy

LONGEST_SECONDS: Final = 120
"""Whoever wants to be left alone for longer is read the next time: our own figure, twice what GitHub asks for where it
names no time ('Rate limits for the REST API')."""
_TRIES: Final = 5
_backing_off = wait_exponential_jitter(initial=1, max=30)
_Answer = TypeVar("_Answer")


def patiently(ask: Callable[[], _Answer], sleep: Callable[[float], None]) -> _Answer:
    """Ask; again, for a while, when the system is busy, after as long as it says.

    Raises:
        Busy: it still is, or wants to be left alone for longer than is waited.
    """
    trying = Retrying(
        stop=stop_after_attempt(_TRIES), wait=_wait, retry=retry_if_exception(_passes_soon), sleep=sleep, reraise=True
    )
    return trying(ask)


def _passes_soon(error: BaseException) -> bool:
    return isinstance(error, Busy) and (error.after or 0) <= LONGEST_SECONDS


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    after = error.after if isinstance(error, Busy) else None
    return after if after is not None else _backing_off(state)
