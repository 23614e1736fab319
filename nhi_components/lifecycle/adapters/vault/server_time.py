"""Vault's own clock, in whole seconds, and how long a lease lives by it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Final

from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.vault.http import VaultHttp

_NEVER: Final = "0001-"
"""How Vault begins a time that never comes."""


def told_time(told: object) -> datetime | None:
    """Read a time as Vault's answers tell it; None where they tell none, or one that never comes."""
    text = str(told or "")
    return datetime.fromisoformat(text) if text and not text.startswith(_NEVER) else None


def server_time(http: VaultHttp) -> datetime:
    """Ask Vault for its time; a standby answers too."""
    health = http.without_namespace().read("sys/health", standbyok="true", perfstandbyok="true") or {}
    return datetime.fromtimestamp(int(health["server_time_utc"]), UTC)


def seconds_left(http: VaultHttp, lease: LeaseTags, place: str) -> int:
    """Tell how many seconds remain until a lease ends; at least one.

    Raises:
        NhiError: it has ended; naming the place where something was to be issued.
    """
    left = datetime.combine(lease.ends, time(), UTC) - server_time(http)
    seconds = int(left.total_seconds())
    if seconds < 1:
        raise NhiError(
            f"{place}: {lease.lease} has ended at {lease.ends}, expected one that lives; fix: extend the identity first"
        )
    return seconds
