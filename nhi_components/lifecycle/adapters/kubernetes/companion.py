"""The ConfigMap beside a Secret that keeps its notes and its claim, and never a value.

A Secret's `resourceVersion` changes with whatever is written on it. Were notes and claim written there too, a change by
hand could not be told from them; so the Secret holds content only, and `<name>-nhi` the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from nhi_components.core.errors import NhiError
from nhi_components.core.kubernetes_marks import lease_of, marks
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.journal_text import claim_in, claim_text, notes_in, notes_text
from nhi_components.lifecycle.adapters.kubernetes.errors import Absent, Conflict
from nhi_components.lifecycle.adapters.kubernetes.session import Kind, KubernetesSession
from nhi_components.lifecycle.credentials.ports import Claim

SUFFIX = "-nhi"

_NOTES, _CLAIM = "notes", "claim"
_TRIES = 8
"""Runs that change notes at the same time read again and repeat; the claim lets few get there."""

_Change = Callable[[dict[str, str]], dict[str, str] | None]


class Companion:
    """The notes and the claim of one Secret."""

    def __init__(self, session: KubernetesSession, namespace: str, secret: str) -> None:
        self._session = session
        self._namespace = namespace
        self._name = f"{secret}{SUFFIX}"

    def lease(self) -> str | None:
        """Tell which lease it bears; None when it is not there, or not ours."""
        found = self._found()
        return lease_of(found) if found else None

    def notes(self) -> Mapping[str, str]:
        """Read the notes; none when it is not there, or not ours."""
        found = self._found()
        return notes_in(_data(found).get(_NOTES), self._path) if found and lease_of(found) else {}

    def note(self, lease: LeaseTags, notes: Mapping[str, str]) -> None:
        """Replace all notes."""
        self._change(lease, lambda data: {**data, _NOTES: notes_text(notes)})

    def claim(self, lease: LeaseTags, wanted: Claim, now: datetime) -> Claim:
        """Claim, renew or take over; tell whose claim holds."""
        holding = wanted

        def claimed(data: dict[str, str]) -> dict[str, str] | None:
            nonlocal holding
            standing = self._claim(data)
            if standing and standing.run != wanted.run and standing.until > now:
                holding = standing
                return None
            holding = wanted
            return {**data, _CLAIM: claim_text(wanted)}

        self._change(lease, claimed)
        return holding

    def release(self, run: str) -> None:
        """Give up the claim of a run."""
        for _ in range(_TRIES):
            found = self._found()
            standing = self._claim(_data(found)) if found and lease_of(found) else None
            if found is None or standing is None or standing.run != run:
                return
            if self._changed(found, {"data": {_CLAIM: None}}):
                return
        raise self._busy()

    def remove(self, lease_id: str) -> None:
        """Delete it; somebody else's of that name is left alone."""
        for _ in range(_TRIES):
            found = self._found()
            if found is None or lease_of(found) != lease_id:
                return
            try:
                self._session.delete(Kind.CONFIG_MAP, found)
            except Conflict:
                continue
            return
        raise self._busy()

    def _change(self, lease: LeaseTags, change: _Change) -> None:
        for _ in range(_TRIES):
            found = self._found()
            self._refuse_foreign(found, lease.lease)
            data = change(_data(found))
            if data is None or self._put(found, lease, data):
                return
        raise self._busy()

    def _put(self, found: dict[str, Any] | None, lease: LeaseTags, data: dict[str, str]) -> bool:
        """Write it; False when somebody else wrote it meanwhile."""
        if found is not None:
            return self._changed(found, {"metadata": marks(lease), "data": data})
        metadata = {"name": self._name, **marks(lease)}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        try:
            self._session.create(Kind.CONFIG_MAP, self._namespace, body)
        except Conflict:
            return False
        return True

    def _changed(self, found: dict[str, Any], patch: dict[str, Any]) -> bool:
        try:
            self._session.change(Kind.CONFIG_MAP, found, patch)
        except (Conflict, Absent):
            return False
        return True

    def _claim(self, data: Mapping[str, str]) -> Claim | None:
        return claim_in(data.get(_CLAIM), self._path)

    def _found(self) -> dict[str, Any] | None:
        return self._session.read(Kind.CONFIG_MAP, self._namespace, self._name)

    def _refuse_foreign(self, found: Mapping[str, Any] | None, lease_id: str) -> None:
        borne = lease_of(found) if found else lease_id
        if borne != lease_id:
            raise NhiError(
                f"{self._path}: got a ConfigMap that bears {borne or 'no lease'}, expected none, or one of {lease_id}; "
                "fix: rename it, or give the place another name"
            )

    def _busy(self) -> NhiError:
        return NhiError(
            f"{self._path}: got another version at each of {_TRIES} tries, expected one of them to be the newest; "
            "fix: see what else writes that ConfigMap, and run it again"
        )

    @property
    def _path(self) -> str:
        return f"kubernetes.{self._session.name}: ConfigMap {self._namespace}/{self._name}"


def _data(found: Mapping[str, Any] | None) -> dict[str, str]:
    return dict(found.get("data") or {}) if found else {}
