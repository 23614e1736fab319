"""A secret of Secret Manager as a place and a home.

A version holds a JSON object: the credential's fields, and its key's id as `key_id`, so that both are of one version.
The lease is in the labels, where it can be searched for; lease tags, notes and the claim are in the annotations, which
are changed only if the secret's etag is still the one that was read. Reads may lag behind (`secrets`), so a change that
is refused is tried again, with pauses.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from nhi_components.core.credential.places import GcpSecretPlace
from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.gcp.contents import KEY_ID, content_of
from nhi_components.lifecycle.adapters.gcp.secrets import ENABLED, Conflict, Secret, Secrets, Version
from nhi_components.lifecycle.adapters.gcp.session import GcpSession
from nhi_components.lifecycle.adapters.journal_text import claim_in, claim_text
from nhi_components.lifecycle.credentials.ports import Claim, Held, Kept, Material, Overtaken

_NOTE, _CLAIM = "nhi-note.", "nhi-claim"
_TRIES = 12
"""How often a change is tried that others get in the way of: for about ten seconds."""

_LONGEST_PAUSE_SECONDS = 2.0

_Change = Callable[[Mapping[str, str]], Mapping[str, str]]
"""From the annotations that stand to those that are wanted."""


class SecretHome:
    """One secret."""

    def __init__(self, session: GcpSession, spec: GcpSecretPlace) -> None:
        self.spec = spec
        self._secrets = Secrets(session)
        self._path = f"/v1/{spec.address}"
        self._where = f"gcp.{session.name}: {spec.address}"

    def find(self) -> Held | None:
        """Tell what stands there: the newest version that is enabled."""
        return self.kept().held

    def kept(self) -> Kept:
        """Tell all that is kept: of the newest version that is enabled."""
        secret = self._secrets.find(self._path)
        if secret is None:
            return Kept(None, None, {})
        versions = self._secrets.versions(self._path)
        stands = _newest(versions)
        # Whose value it is matters first: a foreign one is not read.
        content = self._content(stands) if stands and secret.lease else {}
        held = _held(secret.lease, stands, content.get(KEY_ID), versions)
        return Kept(held, _material_of(content), _notes_in(secret.annotations))

    def read(self) -> Material | None:
        """Read the newest version that is enabled; None also where people wrote something that names no key."""
        return self.kept().material

    def write(self, lease: LeaseTags, material: Material, over: str | None = None) -> Held:
        """Add a version, unless the newest holds the same; read it back."""
        versions = self._open(lease, over)
        stands, wanted = _newest(versions), content_of(material, self._where)
        if stands is None or self._secrets.access(self._path, stands.number) != wanted:
            number = self._secrets.add(self._path, wanted)
            if over is not None:
                self._give_way(versions, number)
            if self._secrets.access(self._path, number) != wanted:
                raise NhiError(
                    f"{self._where}: version {number} is not what was written, expected the same; "
                    "fix: run the same command again"
                )
            stands = Version(number, ENABLED)
            versions = [*versions, stands]
        return _held(lease.lease, stands, material.key_id, versions)

    def prune(self) -> None:
        """Destroy every version but the newest that is enabled; somebody else's are left alone."""
        secret = self._secrets.find(self._path)
        versions = self._secrets.versions(self._path) if secret and secret.lease else []
        kept = _newest(versions)
        for version in versions:
            if version.holds_value and version != kept:
                self._secrets.destroy(self._path, version.number)

    def remove(self, lease_id: str) -> None:
        """Delete the secret with all its versions, without recovery."""
        for _ in _tries():
            secret = self._secrets.find(self._path)
            if secret is None:
                return None
            if secret.lease != lease_id:
                raise self._foreign(lease_id, secret)
            try:
                return self._secrets.delete(self._path, secret)
            except Conflict:
                continue
        raise self._restless()

    def notes(self) -> Mapping[str, str]:
        """Read the notes."""
        secret = self._secrets.find(self._path)
        return _notes_in(secret.annotations if secret else {})

    def note(self, lease: LeaseTags, notes: Mapping[str, str]) -> None:
        """Replace all notes."""
        wanted = {f"{_NOTE}{key}": value for key, value in notes.items()}

        def changed(annotations: Mapping[str, str]) -> Mapping[str, str]:
            return {**{key: value for key, value in annotations.items() if not key.startswith(_NOTE)}, **wanted}

        self._change(lease, changed)

    def claim(self, lease: LeaseTags, wanted: Claim, now: datetime) -> Claim:
        """Claim it by compare-and-set of the annotations."""
        holds = wanted

        def changed(annotations: Mapping[str, str]) -> Mapping[str, str]:
            nonlocal holds
            there = claim_in(annotations.get(_CLAIM), self._where)
            holds = there if there and there.run != wanted.run and there.until > now else wanted
            return annotations if holds is there else {**annotations, _CLAIM: claim_text(wanted)}

        self._change(lease, changed)
        return holds

    def release(self, run: str) -> None:
        """Take the claim of that run away."""

        def changed(annotations: Mapping[str, str]) -> Mapping[str, str]:
            there = claim_in(annotations.get(_CLAIM), self._where)
            mine = there is not None and there.run == run
            return {key: value for key, value in annotations.items() if not (mine and key == _CLAIM)}

        self._change(None, changed)

    def time(self) -> datetime:
        """Tell Secret Manager's own time."""
        return self._secrets.time(self._path)

    def _open(self, lease: LeaseTags, over: str | None) -> list[Version]:
        """Judge what stands there, make and mark the secret if need be, and list its versions."""
        secret = self._secrets.find(self._path)
        versions = self._secrets.versions(self._path) if secret else []
        self._refuse_foreign(lease.lease, secret, versions)
        stands = _newest(versions)
        if over is not None and over != (str(stands.number) if stands else ""):
            found = f"version {stands.number}" if stands else "nothing"
            raise Overtaken(
                f"{self._where}: {found} is held, expected {f'version {over}' if over else 'nothing'}; "
                "fix: see who else writes to it, then run the same command again"
            )
        if secret is None or secret.lease is None:
            self._change(lease, lambda annotations: annotations)
        return versions

    def _change(self, lease: LeaseTags | None, change: _Change) -> None:
        """Change the annotations, again when somebody else did meanwhile; without a lease only what is there."""
        for _ in _tries():
            secret = self._secrets.find(self._path)
            if secret is None and lease is None:
                return None
            if secret is None and lease is not None:
                self._secrets.create(self._path, lease)
                secret = self._secrets.find(self._path)
            if secret is None:
                continue
            if lease is not None and secret.lease != lease.lease:
                versions = self._secrets.versions(self._path)
                self._refuse_foreign(lease.lease, secret, versions)
            wanted = change(secret.annotations)
            if wanted == secret.annotations and (lease is None or secret.lease == lease.lease):
                return None
            try:
                return self._secrets.change(self._path, secret, lease, wanted)
            except Conflict:
                continue
        raise self._restless()

    def _give_way(self, before: list[Version], number: int) -> None:
        """Put back what somebody else added between our look and our version, which has hidden it.

        Secret Manager adds without comparing; but numbers count up, so a gap shows.
        """
        seen = max((version.number for version in before), default=0)
        between = [version for version in self._secrets.versions(self._path) if seen < version.number < number]
        theirs = _newest(between)
        if theirs is None:
            return
        self._secrets.add(self._path, self._secrets.access(self._path, theirs.number))
        self._secrets.destroy(self._path, number)
        raise Overtaken(
            f"{self._where}: version {theirs.number} was added at the same moment, expected nobody else to write; "
            "fix: see who else writes to it, then run the same command again"
        )

    def _content(self, version: Version) -> dict[str, str]:
        try:
            content = json.loads(self._secrets.access(self._path, version.number))
        except ValueError:
            return {}
        texts = isinstance(content, dict) and all(isinstance(value, str) for value in content.values())
        return content if texts else {}

    def _refuse_foreign(self, lease_id: str, secret: Secret | None, versions: list[Version]) -> None:
        empty = not any(version.holds_value for version in versions)
        if secret and secret.lease != lease_id and not (secret.lease is None and empty):
            raise self._foreign(lease_id, secret)

    def _foreign(self, lease_id: str, secret: Secret) -> NhiError:
        bears = f"it bears {secret.lease}" if secret.lease else "it bears no lease"
        return NhiError(
            f"{self._where}: found somebody else's secret: {bears}; expected one that bears {lease_id}; "
            "fix: give the place another `secret`, or delete the other one"
        )

    def _restless(self) -> NhiError:
        return NhiError(
            f"{self._where}: changed by others each time we tried, {_TRIES} times, expected it to keep still; "
            "fix: run the same command again"
        )


def _tries() -> Iterator[int]:
    for attempt in range(_TRIES):
        yield attempt
        time.sleep(min(0.02 * 2**attempt, _LONGEST_PAUSE_SECONDS))


def _newest(versions: list[Version]) -> Version | None:
    return next((version for version in reversed(versions) if version.state == ENABLED), None)


def _material_of(content: Mapping[str, str]) -> Material | None:
    fields = {name: value for name, value in content.items() if name != KEY_ID}
    return Material(content[KEY_ID], fields) if KEY_ID in content else None


def _notes_in(annotations: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix(_NOTE): value for key, value in annotations.items() if key.startswith(_NOTE)}


def _held(lease: str | None, stands: Version | None, key_id: str | None, versions: list[Version]) -> Held:
    older = sum(version.holds_value and version != stands for version in versions)
    return Held(lease, str(stands.number) if stands else "", key_id, older)
