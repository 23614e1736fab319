"""A Secret as a place: a key of it for each field of the credential, and `key_id`.

`version` is the Secret's own `resourceVersion`: what the API server compares, and changes with whatever is written on
the Secret. Notes and claim are kept elsewhere (`companion`), so it changes with the content, and with labels that
somebody puts on by hand, which costs a write of the same content and nothing more.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime

from nhi_components.core.credential.places import KubernetesSecretPlace
from nhi_components.core.errors import NhiError
from nhi_components.core.kubernetes_marks import lease_of, marks
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.kubernetes.companion import Companion
from nhi_components.lifecycle.adapters.kubernetes.errors import Absent, Conflict
from nhi_components.lifecycle.adapters.kubernetes.session import Kind, KubernetesSession, Object
from nhi_components.lifecycle.credentials.ports import Claim, Held, Kept, Material, Overtaken

KEY_ID = "key_id"

_TYPE = "Opaque"
_TRIES = 5


class SecretOfCluster:
    """One Secret, as `Home`."""

    def __init__(self, session: KubernetesSession, spec: KubernetesSecretPlace) -> None:
        self._session = session
        self._spec = spec
        self._companion = Companion(session, spec.namespace, spec.name or "")

    @property
    def spec(self) -> KubernetesSecretPlace:
        """What it was opened by."""
        return self._spec

    def find(self) -> Held | None:
        """Tell what the Secret holds; see the port. Notes or a claim without a Secret count as a mark."""
        found = self._found()
        return _held(found) if found else self._marked()

    def kept(self) -> Kept:
        """Tell all that is kept; see the port."""
        found = self._found()
        return Kept(_held(found) if found else self._marked(), _material_of(found), self.notes())

    def read(self) -> Material | None:
        """Read the Secret's fields; None also where people wrote something that names no key. See the port."""
        return _material_of(self._found())

    def write(self, lease: LeaseTags, material: Material, over: str | None = None) -> Held:
        """Write the Secret, comparing its `resourceVersion`; see the port."""
        data = self._encoded(material)
        for _ in range(_TRIES):
            found = self._found()
            self._refuse_foreign(found, lease.lease)
            self._refuse_overtaken(found, over)
            try:
                kept = self._put(found, lease, data)
            except Conflict:
                continue
            if _data(kept) != data:
                raise NhiError(
                    f"{self._path}: got other content back than was written, expected the credential; "
                    "fix: see which admission webhook of the cluster changes Secrets, and leave this one out"
                )
            return _held(kept)
        raise self._overtaken()

    def prune(self) -> None:
        """Nothing: a Secret has no older versions."""

    def remove(self, lease_id: str) -> None:
        """Delete the Secret, then its notes and claim; see the port."""
        for _ in range(_TRIES):
            found = self._found()
            if found is None:
                break
            if lease_of(found) != lease_id:
                raise self._foreign(found, lease_id)
            self._delete(found)
        else:
            raise self._overtaken()
        self._companion.remove(lease_id)

    def notes(self) -> Mapping[str, str]:
        """Read the notes."""
        return self._companion.notes()

    def note(self, lease: LeaseTags, notes: Mapping[str, str]) -> None:
        """Replace all notes."""
        self._companion.note(lease, notes)

    def claim(self, lease: LeaseTags, wanted: Claim, now: datetime) -> Claim:
        """Claim the credential; see the port."""
        return self._companion.claim(lease, wanted, now)

    def release(self, run: str) -> None:
        """Give up the claim of a run."""
        self._companion.release(run)

    def time(self) -> datetime:
        """Tell the API server's own time."""
        return self._session.time()

    def _marked(self) -> Held | None:
        """Tell of what stands beside no Secret."""
        lease = self._companion.lease()
        return Held(lease, "", None) if lease else None

    def _put(self, found: Object | None, lease: LeaseTags, data: dict[str, str]) -> Object:
        """Write the Secret, anew where it can't be changed.

        An immutable one cannot, nor one of another type: it is deleted and made again, as one that can be rotated.
        """
        hidden = [text for value in data.values() for text in (value, base64.b64decode(value).decode())]
        if found and not _can_be_changed(found):
            self._session.delete(Kind.SECRET, found)
            found = None
        if found is None:
            metadata = {"name": self._spec.name, **marks(lease)}
            body = {"apiVersion": "v1", "kind": "Secret", "type": _TYPE, "metadata": metadata, "data": data}
            return self._session.create(Kind.SECRET, self._spec.namespace, body, hidden)
        patch = {"metadata": marks(lease), "data": _difference(_data(found), data)}
        try:
            return self._session.change(Kind.SECRET, found, patch, hidden)
        except Absent as gone:
            raise Conflict(str(gone)) from None

    def _delete(self, found: Object) -> None:
        if found["metadata"].get("deletionTimestamp"):
            held = ", ".join(found["metadata"].get("finalizers") or [])
            raise NhiError(
                f"{self._path}: got one that is deleted but kept by its finalizers ({held}), expected it to be gone; "
                "fix: have what set them finish, or take them off"
            )
        try:
            self._session.delete(Kind.SECRET, found)
        except Conflict:
            return

    def _found(self) -> Object | None:
        return self._session.read(Kind.SECRET, self._spec.namespace, self._spec.name or "")

    def _encoded(self, material: Material) -> dict[str, str]:
        if KEY_ID in material.fields:
            raise NhiError(
                f"{self._path}: got a field named {KEY_ID}, expected another name, because the Secret keeps the key's "
                "id there; fix: have the source name it otherwise"
            )
        fields = {**material.fields, KEY_ID: material.key_id}
        return {key: base64.b64encode(value.encode()).decode() for key, value in fields.items()}

    def _refuse_foreign(self, found: Object | None, lease_id: str) -> None:
        if found is not None and lease_of(found) != lease_id and not _may_be_taken(found):
            raise self._foreign(found, lease_id)

    def _foreign(self, found: Object, lease_id: str) -> NhiError:
        return NhiError(
            f"{self._path}: got a Secret that bears {lease_of(found) or 'no lease'}, expected none, or one of "
            f"{lease_id}; fix: delete it if it is no longer needed, or give the place another name"
        )

    def _refuse_overtaken(self, found: Object | None, over: str | None) -> None:
        if over is not None and over != (_held(found).version if found else ""):
            raise self._overtaken()

    def _overtaken(self) -> Overtaken:
        return Overtaken(
            f"{self._path}: got another version than the one that was seen, expected that one; fix: run it again"
        )

    @property
    def _path(self) -> str:
        return f"kubernetes.{self._session.name}: Secret {self._spec.address}"


def _may_be_taken(found: Object) -> bool:
    """Tell whether it bears no lease and holds nothing; one of another type is for a controller that will fill it."""
    return lease_of(found) is None and not _data(found) and _can_be_changed(found)


def _can_be_changed(found: Object) -> bool:
    return not found.get("immutable") and found.get("type") == _TYPE


def _difference(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str | None]:
    """Write what makes one mapping the other, as a merge patch: None for what goes."""
    return {**dict.fromkeys(before.keys() - after.keys()), **after}


def _data(found: Object | None) -> dict[str, str]:
    return dict(found.get("data") or {}) if found else {}


def _material_of(found: Object | None) -> Material | None:
    kept = _data(found)
    if KEY_ID not in kept:
        return None
    try:
        data = {key: base64.b64decode(value).decode() for key, value in kept.items()}
    except UnicodeDecodeError:
        return None
    return Material(data.pop(KEY_ID), data)


def _held(found: Object) -> Held:
    data = _data(found)
    key_id = base64.b64decode(data.get(KEY_ID, "")).decode(errors="replace") or None
    return Held(lease_of(found), found["metadata"]["resourceVersion"] if data else "", key_id)
