"""One KV v2 entry that bears a lease: whether it may be written, marked before it holds anything, compared and set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags, lease_of_metadata
from nhi_components.lifecycle.adapters.vault.errors import Conflict
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.kv import Entry, Kv, lease_of_path


class MarkedEntry:
    """One entry; it is a lease's by its path in our folder, or by its custom metadata.

    Vault compares contents, not custom metadata: those are read, changed and written by one run at a time, the one
    that has the claim.
    """

    def __init__(self, http: VaultHttp, mount: str, path: str) -> None:
        self._kv, self._connection = Kv(http), http.connection
        self._mount, self._path = mount, path

    @property
    def place(self) -> str:
        """What errors call it: connection, mount and path."""
        return f"vault.{self._connection}: {self._mount}/{self._path}"

    def find(self) -> Entry | None:
        """Read what is known of it; None when there is none, not even deleted versions."""
        return self._kv.find(self._mount, self._path)

    def of(self, lease_id: str) -> Entry | None:
        """Read what is known of it, and refuse another's.

        Raises:
            NhiError: it bears another lease, or none while it holds values.
        """
        entry = self.find()
        self.refuse_stranger(lease_id, entry)
        return entry

    def refuse_stranger(self, lease_id: str, entry: Entry | None) -> None:
        """Refuse an entry that is somebody else's; one that bears no lease and holds nothing may be taken."""
        if entry is not None:
            borne = leases_of(entry)
            if borne - {lease_id} or (not borne and entry.versions):
                raise self._stranger(lease_id, borne)

    def refuse_unproved(self, lease_id: str, entry: Entry) -> None:
        """Refuse an entry that is not proved the lease's, also an empty one."""
        borne = leases_of(entry)
        if borne != {lease_id}:
            raise self._stranger(lease_id, borne)

    def content(self, entry: Entry | None) -> Mapping[str, Any] | None:
        """Read what its newest version holds; None when that is deleted, or there is none."""
        return self._kv.read(self._mount, self._path, entry.newest) if entry else None

    def version(self, number: int) -> Mapping[str, Any] | None:
        """Read what one version holds."""
        return self._kv.read(self._mount, self._path, number)

    def put(self, lease: LeaseTags, entry: Entry | None, content: Mapping[str, Any]) -> int:
        """Write over what was found, marking it first, so that a kill leaves no value without a mark.

        Args:
            lease: whose it is.
            entry: what was found.
            content: what to write.

        Raises:
            Conflict: somebody wrote since; where the mark was new, it was taken off again: theirs is not ours.
        """
        if entry is None:
            self._kv.require_versions(self._mount)
        new = entry is None or lease_of_metadata(entry.metadata) is None
        self.mark(entry, lease.to_metadata())
        try:
            return self._kv.write(self._mount, self._path, content, entry.newest if entry else 0)
        except Conflict:
            if new and lease_of_path(self._path) is None:
                self._unmark(lease, content)
            raise

    def mark(self, entry: Entry | None, metadata: Mapping[str, str]) -> None:
        """Add custom metadata to what was found, making the entry, without a version, if need be."""
        before = entry.metadata if entry else {}
        if entry is None or {**before, **metadata} != dict(before):
            self._kv.mark(self._mount, self._path, {**before, **metadata})

    def replace_metadata(self, entry: Entry | None, metadata: Mapping[str, str]) -> None:
        """Replace all custom metadata of what was found, unless it is the same."""
        if entry is None:
            self._kv.require_versions(self._mount)
        if entry is None or dict(metadata) != dict(entry.metadata):
            self._kv.mark(self._mount, self._path, metadata)

    def destroy_before(self, number: int, entry: Entry | None = None) -> None:
        """Destroy every version before that one, without recovery; `entry` is what was found, if it was looked at."""
        entry = entry or self.find()
        older = [version for version in entry.versions if version < number] if entry else []
        self._kv.destroy_versions(self._mount, self._path, older)

    def delete(self) -> None:
        """Delete it with its metadata and all its versions, without recovery."""
        self._kv.delete(self._mount, self._path)

    def _unmark(self, lease: LeaseTags, content: Mapping[str, Any]) -> None:
        """Take a mark off what somebody else was first to write; who writes the same fields is another run of ours."""
        entry, marks = self.find(), lease.to_metadata()
        if entry and (self.content(entry) or {}).keys() != content.keys():
            kept = {key: value for key, value in entry.metadata.items() if marks.get(key) != value}
            self._kv.mark(self._mount, self._path, kept)

    def _stranger(self, lease_id: str, borne: set[str]) -> NhiError:
        found = f"it bears {', '.join(sorted(borne))}" if borne else "it bears no lease"
        return NhiError(
            f"{self.place}: found somebody else's: {found}; expected nothing there, or what belongs to {lease_id}; "
            "fix: name another path, or, if nobody needs what is there, delete it with its metadata"
        )


def leases_of(entry: Entry) -> set[str]:
    """Tell every lease that an entry names: the one in its path, and the one in its custom metadata."""
    named = (lease_of_path(entry.path), lease_of_metadata(entry.metadata))
    return {lease for lease in named if lease}
