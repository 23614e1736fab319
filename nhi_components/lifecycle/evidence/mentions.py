"""Which envelopes of a directory name which lease: each is looked through once in a process, whoever asks how often."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from threading import Lock

from nhi_components.core.lease_id import lease_ids_in

Numbered = tuple[str, int]
"""A chain's id and the number of one of its envelopes."""


class Mentions:
    """An index in memory; it holds numbers and lease ids, never an envelope.

    Args:
        read: reads the bytes of an envelope; None when there is none.
    """

    def __init__(self, read: Callable[[Numbered], bytes | None]) -> None:
        self._read = read
        self._lock = Lock()
        self._known: set[Numbered] = set()
        self._by_lease: defaultdict[str, list[Numbered]] = defaultdict(list)

    def of(self, lease_id: str, present: Iterable[Numbered]) -> list[Numbered]:
        """Tell which of the envelopes that are there now name a lease."""
        with self._lock:
            for each in present:
                if each not in self._known:
                    for named in _leases_in(self._read(each) or b""):
                        self._by_lease[named].append(each)
                    self._known.add(each)
            return sorted(self._by_lease.get(lease_id, ()))


def _leases_in(data: bytes) -> set[str]:
    """Find the lease ids in a payload: far cheaper than to check a signature."""
    try:
        return lease_ids_in(base64.b64decode(json.loads(data)["payload"]).decode("utf-8", "replace"))
    except (ValueError, KeyError, TypeError, RecursionError):
        return set()
