"""The place `vault-kv`: an entry of a KV v2 engine, which is a home as well.

A version holds the credential's fields and `key_id`, so that who reads them gets both of the same version. The custom
metadata has the marks of the lease, the number of the version that was delivered last, and the notes, each under
`nhi_note_<key>`: 8, 1 and at most 30 of the 64 that Vault keeps, with values of at most 512 characters (Vault
documentation, 'KV secrets engine version 2', custom metadata). Vault keeps no empty value, so an empty note is no note.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tenacity import (
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    stop_after_delay,
    wait_fixed,
)

from nhi_components.core.credential.places import VaultKvPlace
from nhi_components.core.errors import NhiError
from nhi_components.core.lease_id import CLAIM
from nhi_components.core.tags import LeaseTags, lease_of_metadata
from nhi_components.lifecycle.adapters.vault.claims import ClaimEntry
from nhi_components.lifecycle.adapters.vault.errors import Conflict
from nhi_components.lifecycle.adapters.vault.kv import DELIVERED_VERSION, Entry
from nhi_components.lifecycle.adapters.vault.marked_entry import MarkedEntry, leases_of
from nhi_components.lifecycle.adapters.vault.server_time import server_time
from nhi_components.lifecycle.adapters.vault.session import VaultSession
from nhi_components.lifecycle.credentials.ports import Claim, Held, Kept, Material, Overtaken

KEY_ID = "key_id"
"""The field that tells which key a version holds."""

_NOTE = "nhi_note_"
_ATTEMPTS = 5
_SEEN_SECONDS = 5
"""How long a node that follows the active one may not know what was just written; Vault documents no figure."""


class KvPlace:
    """One entry as `Home`."""

    def __init__(self, session: VaultSession, spec: VaultKvPlace) -> None:
        self._session, self._spec = session, spec

    @property
    def spec(self) -> VaultKvPlace:
        """What it was opened by."""
        return self._spec

    def find(self) -> Held | None:
        """Tell what stands there; see the port. The version is the number of the newest one."""
        place = self._entry
        entry = place.find()
        return _held(entry, place.content(entry)) if entry else None

    def write(self, lease: LeaseTags, material: Material, over: str | None = None) -> Held:
        """Deliver by check-and-set, and read back; see the port."""
        attempts = _ATTEMPTS if over is None else 1
        again = Retrying(retry=retry_if_exception_type(Conflict), stop=stop_after_attempt(attempts), reraise=True)
        content = self._content(material)
        try:
            number = again(self._written, lease, content, over)
        except Conflict:
            raise self._overtaken("another version than a moment ago", over) from None
        self._confirm(number, content)
        return self._delivered(lease, number, content)

    def prune(self) -> None:
        """Destroy every version before the newest one; an entry that is no one lease's is left alone. See the port."""
        place = self._entry
        entry = place.find()
        if entry and len(leases_of(entry)) == 1:
            place.destroy_before(entry.newest, entry)

    def remove(self, lease_id: str) -> None:
        """Delete the entry with its metadata and all versions, and the claim; see the port."""
        place = self._entry
        entry = place.find()
        if entry:
            place.refuse_unproved(lease_id, entry)
            place.delete()
        self._claims.remove(lease_id)

    def kept(self) -> Kept:
        """Tell all that is kept; see the port."""
        place = self._entry
        entry = place.find()
        content = place.content(entry)
        return Kept(_held(entry, content) if entry else None, _material_of(content), _notes_of(entry))

    def read(self) -> Material | None:
        """Read what is held; None also for what was put there by hand and tells no key; see the port."""
        place = self._entry
        return _material_of(place.content(place.find()))

    def notes(self) -> Mapping[str, str]:
        """Read the notes; see the port."""
        return _notes_of(self._entry.find())

    def note(self, lease: LeaseTags, notes: Mapping[str, str]) -> None:
        """Replace all notes; see the port."""
        place = self._entry
        entry = place.of(lease.lease)
        before = entry.metadata if entry else {}
        kept = {key: value for key, value in before.items() if not key.startswith(_NOTE)}
        told = {_NOTE + key: value for key, value in notes.items() if value}
        place.replace_metadata(entry, {**kept, **lease.to_metadata(), **told})

    def claim(self, lease: LeaseTags, wanted: Claim, now: datetime) -> Claim:
        """Claim the credential by an entry beside this one; see the port."""
        return self._claims.claim(lease, wanted, now)

    def release(self, run: str) -> None:
        """Give up a claim; see the port."""
        self._claims.release(run)

    def time(self) -> datetime:
        """Tell Vault's time, in whole seconds."""
        return server_time(self._session.http)

    @property
    def _entry(self) -> MarkedEntry:
        return MarkedEntry(self._session.http, self._spec.mount, self._spec.address)

    @property
    def _claims(self) -> ClaimEntry:
        return ClaimEntry(self._session.http, self._spec.mount, self._spec.address + CLAIM)

    def _content(self, material: Material) -> dict[str, str]:
        if KEY_ID in material.fields:
            raise NhiError(
                f"{self._entry.place}: got a credential with a field {KEY_ID!r}, which tells the key here; expected "
                "another name; fix: have its source name the field otherwise"
            )
        return {**material.fields, KEY_ID: material.key_id}

    def _written(self, lease: LeaseTags, content: Mapping[str, str], over: str | None) -> int:
        """Write unless the same is held; the number of the version that holds it."""
        place = self._entry
        entry = place.of(lease.lease)
        held = place.content(entry)
        version = str(entry.newest) if entry and held is not None else ""
        if over is not None and over != version:
            raise self._overtaken(f"version {version}" if version else "nothing", over)
        if entry and held == content:
            return entry.newest
        return place.put(lease, entry, content)

    def _confirm(self, number: int, content: Mapping[str, str]) -> None:
        place = self._entry
        patiently = Retrying(
            retry=retry_if_result(lambda read: read is None),
            stop=stop_after_delay(_SEEN_SECONDS),
            wait=wait_fixed(0.1),
            retry_error_callback=lambda _: None,
        )
        if patiently(place.version, number) != content:
            raise self._altered(number, content)

    def _delivered(self, lease: LeaseTags, number: int, content: Mapping[str, str]) -> Held:
        """Note what was delivered last, so that a cut-off tells what was written by hand from it."""
        place = self._entry
        entry = place.find()
        if entry is None:
            raise self._altered(number, content)
        place.mark(entry, {**lease.to_metadata(), DELIVERED_VERSION: str(number)})
        return Held(lease.lease, str(number), content[KEY_ID], _older(entry, number))

    def _altered(self, number: int, content: Mapping[str, str]) -> NhiError:
        return NhiError(
            f"{self._entry.place}: read back another content from version {number} than was delivered, expected the "
            f"fields of key {content[KEY_ID]}; fix: let nobody else write there, and run the same command again"
        )

    def _overtaken(self, found: str, over: str | None) -> Overtaken:
        expected = f"version {over}" if over else "nothing" if over == "" else "nobody else to write there"
        return Overtaken(
            f"{self._entry.place}: found {found}, expected {expected}; "
            "fix: see who else writes there, then run the same command again"
        )


def _held(entry: Entry, content: Mapping[str, Any] | None) -> Held:
    lease = lease_of_metadata(entry.metadata) or entry.lease
    version = str(entry.newest) if content is not None else ""
    return Held(lease, version, _key_id_of(content), _older(entry, entry.newest))


def _older(entry: Entry, number: int) -> int:
    """Count the versions before one; those that are deleted, but can be undeleted, hold values as well."""
    return sum(version < number for version in entry.versions)


def _material_of(content: Mapping[str, Any] | None) -> Material | None:
    key_id = _key_id_of(content)
    if content is None or key_id is None:
        return None
    return Material(key_id, {name: str(value) for name, value in content.items() if name != KEY_ID})


def _notes_of(entry: Entry | None) -> dict[str, str]:
    told = entry.metadata if entry else {}
    return {key.removeprefix(_NOTE): value for key, value in told.items() if key.startswith(_NOTE)}


def _key_id_of(content: Mapping[str, Any] | None) -> str | None:
    told = content.get(KEY_ID) if content else None
    return told if isinstance(told, str) and told else None
