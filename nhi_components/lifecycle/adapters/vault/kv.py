"""KV v2 entries: our folder, contents and marks, first values, versions, deletion with all versions."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nhi_components.core.errors import NhiError
from nhi_components.core.lease_id import API_KEYS, CLAIM, KV_FOLDER, is_lease_id
from nhi_components.core.tags import LeaseTags, lease_of_metadata
from nhi_components.lifecycle.adapters.vault.errors import Denied, Refused
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.parallel import concurrently

DELIVERED_VERSION = "nhi_version"
"""The metadata key under which a delivery notes its version."""

CUT_OFF = "nhi_cut_off"
"""The metadata key under which a cut-off notes its time on the registry of API keys that it disables."""

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
        return lease_of_path(self.path) or lease_of_metadata(self.metadata)

    @property
    def delivered(self) -> int:
        """The newest version that admitting the entry, or a certificate into it, has written."""
        return int(self.metadata.get(DELIVERED_VERSION, _FIRST_VERSION))

    @property
    def cut_off_at(self) -> datetime | None:
        """When a cut-off had every API key in it refused; None when none did."""
        noted = self.metadata.get(CUT_OFF)
        return datetime.fromisoformat(noted) if noted else None

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

    def require_versions(self, mount: str) -> None:
        """Refuse a mount that is no KV v2 engine: version 1 would keep whatever is written, at another path.

        Raises:
            NhiError: it is none, or the token may do nothing there.
        """
        if mount in self._http.versioned:
            return
        try:
            facts = self._http.read(f"sys/internal/ui/mounts/{mount}") or {}
        except Denied:
            facts = {}
        if not is_kv_v2(facts):
            raise NhiError(
                f"vault.{self._http.connection}: found no KV v2 engine at {mount}/ that the token may use, expected "
                "one; fix: correct the mount, have the engine upgraded to version 2, or let the token use it"
            )
        self._http.versioned.add(mount)

    def read(self, mount: str, path: str, version: int) -> Mapping[str, Any] | None:
        """Read what one version holds; None when it is deleted or destroyed, or there never was one."""
        # Vault takes 0 for the newest one.
        read = self._http.read(f"{mount}/data/{path}", version=str(version)) if version else None
        content = read.get("data") if read else None
        return content if isinstance(content, Mapping) else None

    def write(self, mount: str, path: str, content: Mapping[str, Any], over: int) -> int:
        """Write a version; its number.

        Args:
            mount: the KV v2 mount.
            path: the path below it.
            content: what the version holds.
            over: the number of the newest version now, whatever has become of that; 0 when there never was one.

        Raises:
            Conflict: another version is the newest.
        """
        body = {"options": {"cas": over}, "data": dict(content)}
        return int(self._http.write(f"{mount}/data/{path}", body)["version"])

    def mark(self, mount: str, path: str, metadata: Mapping[str, str]) -> None:
        """Replace an entry's custom metadata, making the entry, without a version, if need be."""
        self._http.write(f"{mount}/metadata/{path}", {"custom_metadata": dict(metadata)})

    def walk(self, mount: str) -> list[str]:
        """List the path of every entry of a mount: one request for each folder."""
        folders, found = [""], list[str]()
        while folders:
            listed = self._below(mount, folders, lambda _: True)
            folders = [path for path in listed if path.endswith("/")]
            found += [path for path in listed if not path.endswith("/")]
        return found

    def paths_of(self, mount: str, lease_id: str) -> list[str]:
        """Walk our folder of a mount, `nhi/<environment>/<identity>/`, for entries that bear a lease id."""
        folders = [f"{KV_FOLDER}/"]
        for _ in ("environment", "identity"):
            folders = self._below(mount, folders, lambda name: name.endswith("/"))
        return self._below(mount, folders, lambda name: _of_lease(name) == lease_id)

    def paths_beside(self, mount: str, path: str, lease_id: str) -> list[str]:
        """Look in the folder of a known entry only, for entries that bear a lease id."""
        return self._below(mount, [path.rsplit("/", 1)[0] + "/"], lambda name: _of_lease(name) == lease_id)

    def admit(self, lease: LeaseTags, mount: str, path: str, generate_bytes: int | None) -> None:
        """Mark an entry, making it if need be, and give it its first value unless it ever had one."""
        entry = self.find(mount, path)
        metadata = {**(entry.metadata if entry else {}), **lease.to_metadata()}
        if entry is None or metadata != entry.metadata:
            self.mark(mount, path, metadata)
        if generate_bytes and (entry is None or entry.newest == 0):
            self._put_first_value(mount, path, generate_bytes)

    def delete(self, mount: str, path: str) -> None:
        """Delete an entry with its metadata and all its versions, without recovery."""
        self._http.delete(f"{mount}/metadata/{path}")

    def destroy_version(self, mount: str, path: str, version: int) -> None:
        """Destroy one version, without recovery."""
        self.destroy_versions(mount, path, [version])

    def destroy_versions(self, mount: str, path: str, versions: Sequence[int]) -> None:
        """Destroy versions, without recovery."""
        if versions:
            self._http.write(f"{mount}/destroy/{path}", {"versions": list(versions)})

    def _put_first_value(self, mount: str, path: str, length: int) -> None:
        try:
            self.write(mount, path, {_FIELD: secrets.token_urlsafe(length)}, 0)
        except Refused:
            # Check-and-set refuses when another run was first; anything else that is wrong shows now.
            entry = self.find(mount, path)
            if entry is None or entry.newest == 0:
                raise

    def _below(self, mount: str, folders: list[str], wanted: _Wanted) -> list[str]:
        listed = concurrently(lambda folder: self._http.keys(f"{mount}/metadata/{folder}"), folders)
        return [folder + name for folder, names in zip(folders, listed, strict=True) for name in names if wanted(name)]


def lease_of_path(path: str) -> str | None:
    """Tell which lease an entry in our folder belongs to, itself, its keys or its claim; None elsewhere."""
    folder, *below = path.split("/")
    return _of_lease(below[-1]) if folder == KV_FOLDER and len(below) > 2 else None


def is_kv_v2(mount: Mapping[str, object]) -> bool:
    """Tell from what Vault says of a mount whether it is a KV v2 engine."""
    options = mount.get("options")
    return mount.get("type") == "kv" and isinstance(options, Mapping) and options.get("version") == "2"


def _of_lease(name: str) -> str | None:
    stem = name.removesuffix(CLAIM).removesuffix(API_KEYS)
    return stem if is_lease_id(stem) else None
