"""Waiting for what was just made: AWS is eventually consistent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link

APPEARANCE_SECONDS = 10
"""How long something just made may stay unseen: AWS documents no figure, others measured 3-4 s (residue.py)."""

Found = TypeVar("Found")


def appeared(find: Callable[[str], Found | None], link: Link) -> Found:
    """Read something that the engine has just made.

    Raises:
        NhiError: when it has not appeared after a while.
    """
    waiting: Retrying = Retrying(
        retry=retry_if_result(lambda found: found is None),
        stop=stop_after_delay(APPEARANCE_SECONDS),
        wait=wait_exponential(multiplier=0.2, max=2),
    )
    try:
        found = waiting(find, link.name)
    except RetryError:
        found = None
    if found is None:
        raise NhiError(
            f"{link}: found nothing of that name, expected what was just made; "
            "fix: run `pulumi refresh`, then the same command again"
        )
    return found
