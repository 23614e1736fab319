"""Vault's own clock, in whole seconds, and how long a lease lives by it."""

from __future__ import annotations

from datetime import UTC, datetime, time

from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.vault.http import VaultHttp


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
