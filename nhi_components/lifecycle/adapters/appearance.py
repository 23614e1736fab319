"""Waiting for what the engine has just made: a system may be eventually consistent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, System

APPEARANCE_SECONDS: Final = {System.AWS: 10.0, System.GCP: 10.0, System.AZURE: 20.0, System.KUBERNETES: 2.0}
"""How long something just made may stay unseen. No vendor documents a figure: others measured 3 to 4 s on AWS
(residue.py) and 4 to 18 s in Entra; Google says that reads may be older; the reads of a Kubernetes API server are
consistent, so hardly at all.
"""

Found = TypeVar("Found")


def appeared(find: Callable[[str], Found | None], link: Link) -> Found:
    """Read something that the engine has just made.

    Args:
        find: reads it by its name.
        link: what was made.

    Raises:
        NhiError: when it has not appeared after as long as its system may take.
    """
    waiting: Retrying = Retrying(
        retry=retry_if_result(lambda found: found is None),
        stop=stop_after_delay(APPEARANCE_SECONDS[link.system]),
        wait=wait_exponential(multiplier=0.2, max=2),
    )
    try:
        found = waiting(find, link.name)
    except RetryError:
        found = None
    if found is None:
        raise NhiError(
            f"{link}: found nothing of that name, expected what was just made; "
            "fix: run `pulumi refresh`, then the same command again; if it is not found then either, see that the "
            "connection reaches what Pulumi's own provider reaches"
        )
    return found
