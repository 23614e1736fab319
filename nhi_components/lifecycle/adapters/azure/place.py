"""A secret of a Key Vault as a place and a home.

The value is a JSON object of the credential's fields, and nothing else; lease tags and the key's id are in the tags of
the same version. Notes and claim are in two secrets beside it (`journal`).

What Key Vault cannot do: compare before it writes, so `over` is compared with what was read just before; delete one
version, so an older one is disabled, and whoever may set secrets could enable it again; purge in a vault with purge
protection, so there a removed secret stays recoverable, which `find` and `recoverable_until` tell.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from nhi_components.core.credential.places import KeyVaultPlace
from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.azure.journal import Journal
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.azure.vault import Current, Vault, Version, lease_among
from nhi_components.lifecycle.credentials.ports import Claim, Held, Kept, Material, Overtaken

KEY_TAG = "nhi-key"
"""The tag of a version with the key's id."""


class KeyVaultHome:
    """One secret."""

    def __init__(self, session: AzureSession, spec: KeyVaultPlace) -> None:
        self.spec = spec
        self._vault = Vault(session, spec.vault)
        self._name = spec.secret or ""
        self._journal = Journal(self._vault, self._name)
        self._where = f"azure.{session.name}: {spec.address}"

    def find(self) -> Held | None:
        """Tell what stands there; a secret that was deleted and can be recovered counts as an older version."""
        versions = self._vault.versions(self._name)
        if versions:
            return _held(lease_among(versions), self._vault.current(self._name), versions)
        if deleted := self._vault.deleted(self._name):
            return Held(deleted.lease, "", None, older=1)
        borne = self._journal.lease()
        return Held(borne, "", None) if borne else None

    def kept(self) -> Kept:
        """Tell all that is kept; see the port."""
        versions = self._vault.versions(self._name)
        if not versions:
            return Kept(self.find(), None, self.notes())
        current = self._vault.current(self._name)
        return Kept(_held(lease_among(versions), current, versions), _material_of(current), self.notes())

    def read(self) -> Material | None:
        """Read the current version; None also where people wrote something that names no key."""
        return _material_of(self._vault.current(self._name))

    def write(self, lease: LeaseTags, material: Material, over: str | None = None) -> Held:
        """Set it, unless the current version holds the same; read it back."""
        versions = self._vault.versions(self._name)
        self._refuse_foreign(lease.lease, versions)
        current = self._vault.current(self._name) if versions else None
        stands = current.version if current else ""
        if over is not None and over != stands:
            found = f"version {stands}" if stands else "nothing"
            raise Overtaken(
                f"{self._where}: {found} is held, expected {f'version {over}' if over else 'nothing'}; "
                "fix: see who else writes to it, then run the same command again"
            )
        if current is None or not _same(current, material):
            text = json.dumps(dict(material.fields), sort_keys=True)
            tags = {**lease.to_tags(), KEY_TAG: material.key_id}
            written = self._vault.set(self._name, text, tags, lease.lease)
            current = self._vault.current(self._name)
            if current is None or current.version != written or not _same(current, material):
                raise NhiError(
                    f"{self._where}: version {written} is not what is current after it was set, expected it to be; "
                    "fix: see who else writes to it, then run the same command again"
                )
            versions = self._vault.versions(self._name)
        return _held(lease.lease, current, versions)

    def prune(self) -> None:
        """Disable every version but the current one: none can be deleted alone. Somebody else's are left alone."""
        versions = self._vault.versions(self._name)
        current = self._vault.current(self._name) if lease_among(versions) else None
        for version in versions:
            if version.enabled and current and version.id != current.version:
                self._vault.update(self._name, version.id, enabled=False)

    def remove(self, lease_id: str) -> None:
        """Delete and purge it with its notes and claim; under purge protection it stays recoverable."""
        self._refuse_foreign(lease_id, self._vault.versions(self._name))
        for name in (self._name, *self._journal.names):
            if lease_among(self._vault.versions(name)) == lease_id:
                self._vault.erase(name)
                continue
            deleted = self._vault.deleted(name)
            if deleted and deleted.purgeable and deleted.lease == lease_id:
                self._vault.purge(name)

    def recoverable_until(self) -> datetime | None:
        """Tell until when what was removed could be recovered; None when nothing could."""
        found = [self._vault.deleted(name) for name in (self._name, *self._journal.names)]
        return max((deleted.until for deleted in found if deleted and deleted.until), default=None)

    def retained_until(self) -> datetime | None:
        """Tell until when what was removed is kept by purge protection; None when nothing is kept so."""
        found = [self._vault.deleted(name) for name in (self._name, *self._journal.names)]
        kept = [each.until for each in found if each and each.until and not each.purgeable]
        return max(kept, default=None)

    def notes(self) -> Mapping[str, str]:
        """Read the notes."""
        return self._journal.notes()

    def note(self, lease: LeaseTags, notes: Mapping[str, str]) -> None:
        """Replace all notes."""
        self._refuse_foreign(lease.lease, self._vault.versions(self._name))
        self._journal.note(lease, notes)

    def claim(self, lease: LeaseTags, wanted: Claim, now: datetime) -> Claim:
        """Claim it; a new claim takes a few seconds."""
        self._refuse_foreign(lease.lease, self._vault.versions(self._name))
        return self._journal.claim(lease, wanted, now)

    def release(self, run: str) -> None:
        """Take the claim of that run back."""
        self._journal.release(run)

    def time(self) -> datetime:
        """Tell Key Vault's own time."""
        return self._vault.time(self._name)

    def _refuse_foreign(self, lease_id: str, versions: list[Version]) -> None:
        borne = lease_among(versions)
        if versions and borne != lease_id:
            bears = f"it bears {borne}" if borne else "it bears no lease"
            raise NhiError(
                f"{self._where}: found somebody else's secret: {bears}; expected one that bears {lease_id}; "
                "fix: give the place another `secret`, or delete the other one"
            )


def _held(lease: str | None, current: Current | None, versions: list[Version]) -> Held:
    stands, key_id = (current.version, current.tags.get(KEY_TAG)) if current else ("", None)
    return Held(lease, stands, key_id, sum(version.enabled and version.id != stands for version in versions))


def _material_of(current: Current | None) -> Material | None:
    content = _content(current.value) if current and current.version else None
    if current is None or content is None or KEY_TAG not in current.tags:
        return None
    return Material(current.tags[KEY_TAG], content)


def _same(current: Current, material: Material) -> bool:
    return current.tags.get(KEY_TAG) == material.key_id and _content(current.value) == dict(material.fields)


def _content(text: str) -> dict[str, str] | None:
    try:
        content = json.loads(text)
    except ValueError:
        return None
    texts = isinstance(content, dict) and all(isinstance(value, str) for value in content.values())
    return content if texts else None
