"""The registry of accepted API keys: a KV v2 entry with the digest of each, which whoever verifies keys reads.

Its content is `{"keys": {<id>: {"sha256": <hex>, "enabled": <bool>, "created_at": <ISO 8601>}}}`; those that a cut-off
has disabled have `"cut_off": true` as well. Each change is compared and set, repeated where another was first, and
every version before it is destroyed. Where the newest version is deleted no key is accepted: its reader finds none.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.vault.errors import Conflict
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.kv import CUT_OFF, Entry, Kv
from nhi_components.lifecycle.adapters.vault.marked_entry import MarkedEntry

_KEYS = "keys"
_ATTEMPTS = 20
"""Our own figure: each attempt loses to a change that has just been made, and changes are rare."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the registry knows of one key.

    Attributes:
        sha256: the digest of its value, in hex.
        enabled: whether it is accepted.
        created_at: when it was made, by Vault's clock; None for one that was put there by hand without.
        cut_off: whether a cut-off, or a suspension, has disabled it; readmitting the registry enables it again.
    """

    sha256: str = field(repr=False)
    enabled: bool
    created_at: datetime | None
    cut_off: bool = False

    def disabled(self, *, cut_off: bool = False) -> Record:
        """The same, disabled."""
        return replace(self, enabled=False, cut_off=cut_off)

    def restored(self) -> Record:
        """The same, enabled again if a cut-off has disabled it."""
        return replace(self, enabled=True, cut_off=False) if self.cut_off else self


Records = Mapping[str, Record]
Change = Callable[[Records], Records]


class Registry:
    """The registry at one path."""

    def __init__(self, http: VaultHttp, mount: str, path: str) -> None:
        self._kv, self._entry = Kv(http), MarkedEntry(http, mount, path)
        self._mount, self._path = mount, path

    @property
    def place(self) -> str:
        """What errors call it."""
        return self._entry.place

    def of(self, lease_id: str) -> Records:
        """Read it, and refuse another lease's; empty when there is none.

        Raises:
            NhiError: it is somebody else's, or no registry.
        """
        return self._records(self._entry.of(lease_id))

    def records(self) -> Records:
        """Read it, whosever it is; empty when there is none."""
        return self._records(self._entry.find())

    def accepts(self, key_id: str, sha256: str) -> bool:
        """Tell, as whoever verifies keys does, whether that digest is listed for a key and enabled."""
        record = self.records().get(key_id)
        return record is not None and record.enabled and hmac.compare_digest(record.sha256, sha256)

    def change(self, change: Change, lease: LeaseTags | None = None) -> None:
        """Change what is listed.

        Args:
            change: gives what shall be listed from what is; asked again whenever another change was first.
            lease: whose it is, to make and mark the registry if need be; without, one that is not there stays so.
        """
        again = Retrying(
            retry=retry_if_exception_type(Conflict),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random(0, 0.1),
            reraise=True,
        )
        again(self._changed, change, lease)

    def admit(self, lease: LeaseTags, *, restore: bool) -> None:
        """Make it if need be, mark it, and undo an earlier cut-off.

        Args:
            lease: whose it is.
            restore: whether keys that were cut off are enabled again; not while the identity is suspended.
        """
        self.change(lambda known: {i: r.restored() for i, r in known.items()} if restore else known, lease)
        entry = self._entry.of(lease.lease)
        kept = {key: value for key, value in (entry.metadata if entry else {}).items() if key != CUT_OFF}
        self._entry.replace_metadata(entry, {**kept, **lease.to_metadata()})

    def cut_off(self) -> list[str]:
        """Disable every key; the ids of those that were enabled."""
        done: list[str] = []

        def disabled(known: Records) -> Records:
            done[:] = [key_id for key_id, record in known.items() if record.enabled]
            return {i: r.disabled(cut_off=True) if r.enabled else r for i, r in known.items()}

        self.change(disabled)
        return done

    def note_cut_off(self, at: datetime) -> None:
        """Note when it was cut off."""
        self._entry.mark(self._entry.find(), {CUT_OFF: at.isoformat()})

    def _changed(self, change: Change, lease: LeaseTags | None) -> None:
        entry = self._entry.of(lease.lease) if lease else self._entry.find()
        known = self._records(entry)
        wanted = change(known)
        if lease is None and entry is None:
            return
        if entry is None or wanted != known or (lease and not entry.newest):
            content = {_KEYS: {key_id: _told(record) for key_id, record in wanted.items()}}
            number = self._put(lease, entry, content)
            self._entry.destroy_before(number)

    def _put(self, lease: LeaseTags | None, entry: Entry | None, content: Mapping[str, Any]) -> int:
        if lease:
            return self._entry.put(lease, entry, content)
        return self._kv.write(self._mount, self._path, content, entry.newest if entry else 0)

    def _records(self, entry: Entry | None) -> dict[str, Record]:
        content = self._entry.content(entry)
        if content is None:
            return {}
        try:
            return {str(key_id): _record(told) for key_id, told in content[_KEYS].items()}
        except (KeyError, TypeError, AttributeError, ValueError):
            raise NhiError(
                f"{self.place}: found a content that is no registry of API keys, expected `keys`, with `sha256` and "
                "`enabled` for each; fix: restore it, or delete the entry with its metadata and rotate"
            ) from None


def digest_of(value: str) -> str:
    """The digest of a key's value that the registry keeps: SHA-256, in hex."""
    return hashlib.sha256(value.encode()).hexdigest()


def _record(told: Mapping[str, Any]) -> Record:
    made = told.get("created_at")
    created_at = datetime.fromisoformat(str(made)) if made else None
    return Record(str(told["sha256"]), told["enabled"] is True, created_at, told.get("cut_off") is True)


def _told(record: Record) -> dict[str, Any]:
    made = {"created_at": record.created_at.isoformat()} if record.created_at else {}
    noted = {"cut_off": True} if record.cut_off else {}
    return {"sha256": record.sha256, "enabled": record.enabled, **made, **noted}
