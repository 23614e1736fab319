"""KV v2 entries: our folder, first values, versions, deletion with all versions."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nhi_components.core.lease_id import KV_FOLDER
from nhi_components.core.tags import LeaseTags, lease_of_metadata
from nhi_components.lifecycle.adapters.vault.errors import Refused
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.parallel import concurrently

DELIVERED_VERSION = "nhi_version"
"""The metadata key under which a delivery notes its version."""

_FIRST_VERSION = 1
_FIELD = "value"
_Wanted = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry is now; never its values.

    Attributes:
        mount: the KV v2 mount.
        path: its path below the mount.
        metadata: its custom metadata.
        newest: the number of its newest version; 0 when it never had one.
        versions: for each version kept, whether it can be read (else it is deleted, but can be undeleted).
    """

    mount: str
    path: str
    metadata: Mapping[str, str]
    newest: int
    versions: Mapping[int, bool]

    @property
    def lease(self) -> str | None:
        """The lease that it bears: in its path, or in its custom metadata."""
        folder, *_, last = self.path.split("/")
        return last if folder == KV_FOLDER and self.path.count("/") > 2 else lease_of_metadata(self.metadata)

    @property
    def delivered(self) -> int:
        """The newest version that admitting the entry, or a certificate into it, has written."""
        return int(self.metadata.get(DELIVERED_VERSION, _FIRST_VERSION))

    @property
    def condition(self) -> str:
        """Tell in one line what is kept."""
        hidden = sum(not readable for readable in self.versions.values())
        kept = f"{len(self.versions)} version{'s' if len(self.versions) != 1 else ''} kept"
        return f"{kept}, {hidden} of them deleted but recoverable without end" if hidden else kept


class Kv:
    """The KV v2 mounts of one Vault."""

    def __init__(self, http: VaultHttp) -> None:
        self._http = http

    def find(self, mount: str, path: str) -> Entry | None:
        """Read what is known of an entry; None when there is none, not even deleted versions."""
        facts = self._http.read(f"{mount}/metadata/{path}")
        if facts is None:
            return None
        versions = {int(n): v for n, v in (facts.get("versions") or {}).items() if not v.get("destroyed")}
        return Entry(
            mount=mount,
            path=path,
            metadata=facts.get("custom_metadata") or {},
            newest=int(facts.get("current_version", 0)),
            versions={number: not version.get("deletion_time") for number, version in versions.items()},
        )

    def paths_of(self, mount: str, lease_id: str) -> list[str]:
        """Walk our folder of a mount, `nhi/<environment>/<identity>/`, for entries that bear a lease id."""
        folders = [f"{KV_FOLDER}/"]
        for _ in ("environment", "identity"):
            folders = self._below(mount, folders, lambda name: name.endswith("/"))
        return self._below(mount, folders, lambda name: name == lease_id)

    def paths_beside(self, mount: str, path: str, lease_id: str) -> list[str]:
        """Look in the folder of a known entry only, for entries that bear a lease id."""
        return self._below(mount, [path.rsplit("/", 1)[0] + "/"], lambda name: name == lease_id)

    def admit(self, lease: LeaseTags, mount: str, path: str, generate_bytes: int | None) -> None:
        """Mark an entry, making it if need be, and give it its first value unless it ever had one."""
        entry = self.find(mount, path)
        metadata = {**(entry.metadata if entry else {}), **lease.to_metadata()}
        if entry is None or metadata != entry.metadata:
            self._http.write(f"{mount}/metadata/{path}", {"custom_metadata": metadata})
        if generate_bytes and (entry is None or entry.newest == 0):
            self._put_first_value(mount, path, generate_bytes)

    def delete(self, mount: str, path: str) -> None:
        """Delete an entry with its metadata and all its versions, without recovery."""
        self._http.delete(f"{mount}/metadata/{path}")

    def destroy_version(self, mount: str, path: str, version: int) -> None:
        """Destroy one version, without recovery."""
        self._http.write(f"{mount}/destroy/{path}", {"versions": [version]})

    def _put_first_value(self, mount: str, path: str, length: int) -> None:
        body = {"options": {"cas": 0}, "data": {_FIELD: secrets.token_urlsafe(length)}}
        try:
            self._http.write(f"{mount}/data/{path}", body)
        except Refused:
            # Check-and-set refuses when another run was first; anything else that is wrong shows now.
            entry = self.find(mount, path)
            if entry is None or entry.newest == 0:
                raise

    def _below(self, mount: str, folders: list[str], wanted: _Wanted) -> list[str]:
        listed = concurrently(lambda folder: self._http.keys(f"{mount}/metadata/{folder}"), folders)
        return [folder + name for folder, names in zip(folders, listed, strict=True) for name in names if wanted(name)]
