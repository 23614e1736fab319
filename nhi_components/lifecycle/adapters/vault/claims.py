"""The claim of one run on a credential: an entry beside the home, made and renewed by check-and-set, which is atomic.

It holds `run`, `who`, `until` (ISO 8601) and `lease`. The lease stands in the content, and in the custom metadata as
well, for an entry and its marks can't be made in one request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.vault.errors import Conflict
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.kv import Entry, Kv
from nhi_components.lifecycle.adapters.vault.marked_entry import MarkedEntry
from nhi_components.lifecycle.adapters.vault.server_time import server_time
from nhi_components.lifecycle.credentials.ports import Claim

_LEASE = "lease"
_ATTEMPTS = 20
"""Our own figure: each attempt loses to a run that has just won, so that the next one finds its claim."""

DELETION_MARGIN = timedelta(seconds=30)
"""More than a request may take (`http.TIMEOUT_SECONDS`), nearly twice: a claim that lapses sooner might be another's
before its deletion arrives. A run renews its claim before less than that is left, so none is renewed to be deleted."""


class ClaimEntry:
    """The claim at one path."""

    def __init__(self, http: VaultHttp, mount: str, path: str) -> None:
        self._http, self._kv = http, Kv(http)
        self._entry = MarkedEntry(http, mount, path)
        self._mount, self._path = mount, path

    def claim(self, lease: LeaseTags, wanted: Claim, now: datetime) -> Claim:
        """Claim, renew or take over; the claim that holds now. See the port."""
        again = Retrying(
            retry=retry_if_exception_type(Conflict),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random(0, 0.1),
            reraise=True,
        )
        return again(self._claim, lease, wanted, now)

    def release(self, run: str) -> None:
        """Give up the claim of that run.

        Vault deletes without comparing, so a claim that is about to lapse is renewed first: nobody can have taken it
        over when the deletion arrives.
        """
        entry = self._entry.find()
        content = self._entry.content(entry)
        standing = self._standing(content)
        if entry is None or standing is None or standing.run != run:
            return
        soon = server_time(self._http) + DELETION_MARGIN
        if standing.until < soon:
            longer = _told(replace(standing, until=soon + DELETION_MARGIN))
            try:
                self._kv.write(self._mount, self._path, {**(content or {}), **longer}, entry.newest)
            except Conflict:
                return
        self._entry.delete()

    def remove(self, lease_id: str) -> None:
        """Remove the claim of any run of a lease; somebody else's entry at its path is left alone."""
        entry = self._entry.find()
        if entry and lease_of_claim(self._kv, entry) == lease_id:
            self._entry.delete()

    def _claim(self, lease: LeaseTags, wanted: Claim, now: datetime) -> Claim:
        entry = self._entry.find()
        content = self._entry.content(entry)
        if content is None or content.get(_LEASE) != lease.lease:
            self._entry.refuse_stranger(lease.lease, entry)
        standing = self._standing(content)
        if standing and standing.run != wanted.run and now < standing.until:
            return standing
        if entry is None:
            self._kv.require_versions(self._mount)
        told = {**_told(wanted), _LEASE: lease.lease}
        self._kv.write(self._mount, self._path, told, entry.newest if entry else 0)
        self._entry.mark(entry, lease.to_metadata())
        return wanted

    def _standing(self, content: Mapping[str, Any] | None) -> Claim | None:
        if content is None:
            return None
        try:
            return Claim(str(content["run"]), str(content["who"]), datetime.fromisoformat(str(content["until"])))
        except (KeyError, ValueError):
            raise NhiError(
                f"{self._entry.place}: found an entry without run, who and until, expected a claim; "
                "fix: see that no run is under way, then delete it with its metadata"
            ) from None


def lease_of_claim(kv: Kv, entry: Entry) -> str | None:
    """Tell which lease a claim belongs to, also when a kill has kept it from being marked."""
    if entry.lease:
        return entry.lease
    content = kv.read(entry.mount, entry.path, entry.newest) or {}
    return str(content[_LEASE]) if _LEASE in content else None


def _told(claim: Claim) -> dict[str, str]:
    return {"run": claim.run, "who": claim.who, "until": claim.until.isoformat()}
