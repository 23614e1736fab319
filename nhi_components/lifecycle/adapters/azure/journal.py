"""Notes and claim of a home in Key Vault, in two secrets beside it.

Tags of one version are too few for 30 notes, so these are the value of `<name>-nhi-notes`.

Key Vault compares nothing before it writes. So a run claims by adding a version to `<name>-nhi-claim`, waiting, and
then reading all of them: of the claims that have not lapsed the one that was made first holds, and whoever finds
another in front takes its own back. No claim overwrites another, so it does not matter how long a run was held up
between its looks and its writes; the wait lets claims of the same second, which cannot be told apart by time, be seen
by all.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import datetime

from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.azure.vault import Vault, Version, lease_among
from nhi_components.lifecycle.adapters.journal_text import claim_of, notes_in, notes_text
from nhi_components.lifecycle.credentials.ports import Claim

SETTLE_SECONDS = 2.2
"""Times of versions are in whole seconds: after two, every later claim has a later one."""

BESIDE = "nhi:beside"
"""The tag with the name of the secret that notes or a claim go with."""

_NOTES, _CLAIM = "-nhi-notes", "-nhi-claim"
_LONGEST_NAME = 127
_OF_CLAIM = "nhi:"
_RUN, _WHO, _UNTIL = f"{_OF_CLAIM}run", f"{_OF_CLAIM}who", f"{_OF_CLAIM}until"


class Journal:
    """What goes with one secret.

    Attributes:
        names: of the secrets that it is kept in.
    """

    def __init__(self, vault: Vault, name: str) -> None:
        self._vault = vault
        self._name = name
        self._notes, self._claim = _beside(name, _NOTES), _beside(name, _CLAIM)
        self.names = (self._notes, self._claim)

    def lease(self) -> str | None:
        """Tell the lease that notes or claim bear; None when there are none."""
        return next((lease for name in self.names if (lease := lease_among(self._vault.versions(name)))), None)

    def notes(self) -> Mapping[str, str]:
        """Read the notes."""
        found = self._vault.current(self._notes)
        return notes_in(found.value if found else None, f"{self._vault.where}/{self._notes}")

    def note(self, lease: LeaseTags, notes: Mapping[str, str]) -> None:
        """Replace all notes; nothing is written when they are the same."""
        versions = self._judged(self._notes, lease)
        if not versions or self.notes() != notes:
            self._vault.set(self._notes, notes_text(notes), self._tags(lease), lease.lease)

    def claim(self, lease: LeaseTags, wanted: Claim, now: datetime) -> Claim:
        """Claim, renew, or tell who has the claim."""
        first = self._first(self._judged(self._claim, lease), now)
        if first is None:
            own = self._vault.set(self._claim, "claim", self._tags(lease, wanted), lease.lease)
            time.sleep(SETTLE_SECONDS)
            first = self._first(self._vault.versions(self._claim), now)
            if first is None or first.id != own:
                self._vault.update(self._claim, own, enabled=False)
        holds = self._claim_of(first) if first else None
        if first is None or holds is None:
            raise NhiError(
                f"{self._vault.where}/{self._claim}: our claim is not there after {SETTLE_SECONDS} s, expected it to "
                "be; fix: run the same command again"
            )
        if holds.run == wanted.run and holds != wanted:
            self._vault.update(self._claim, first.id, tags=self._tags(lease, wanted))
            return wanted
        return holds

    def release(self, run: str) -> None:
        """Take the claims of that run back."""
        for version in self._vault.versions(self._claim):
            found = self._claim_of(version)
            if version.enabled and found and found.run == run:
                self._vault.update(self._claim, version.id, enabled=False)

    def _first(self, versions: list[Version], now: datetime) -> Version | None:
        enabled = [version for version in versions if version.enabled]
        return next((each for each in enabled if (claim := self._claim_of(each)) and claim.until > now), None)

    def _claim_of(self, version: Version) -> Claim | None:
        told = {name.removeprefix(_OF_CLAIM): value for name, value in version.tags.items()}
        return claim_of(told, f"{self._vault.where}/{self._claim}") if _UNTIL in version.tags else None

    def _tags(self, lease: LeaseTags, claim: Claim | None = None) -> dict[str, str]:
        told = {_RUN: claim.run, _WHO: claim.who[:256], _UNTIL: claim.until.isoformat()} if claim else {}
        return {**lease.to_tags(), BESIDE: self._name, **told}

    def _judged(self, name: str, lease: LeaseTags) -> list[Version]:
        versions = self._vault.versions(name)
        borne = lease_among(versions)
        if versions and borne != lease.lease:
            bears = f"it bears {borne}" if borne else "it bears no lease"
            raise NhiError(
                f"{self._vault.where}/{name}: found somebody else's secret: {bears}; expected one that bears "
                f"{lease.lease}; fix: give the place another `secret`, or delete the other one"
            )
        return versions


def _beside(name: str, suffix: str) -> str:
    """Name a companion; one that would be too long gets a fingerprint in place of the rest."""
    if len(name) + len(suffix) <= _LONGEST_NAME:
        return f"{name}{suffix}"
    fingerprint = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: _LONGEST_NAME - len(suffix) - len(fingerprint) - 1]}-{fingerprint}{suffix}"
