"""Credentials as files of the machine that delivers, such as ones that are mounted into a container.

A file is a JSON object: each field of the credential, `key_id`, and `nhi_lease`, by which it is known to be ours. It is
never a home. Its mode is 0600, so whatever reads it runs as the user that delivers.

Removing unlinks it. That is as final as a file system lets: on one that copies on write, keeps snapshots or spreads
writes over flash cells, its blocks live on until they are used again, also if they were overwritten first.
"""

from __future__ import annotations

import json
import platform
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nhi_components.core.connection import HostConnection
from nhi_components.core.credential.places import FilePlace, PlaceSpec
from nhi_components.core.credential.sources import SourceSpec
from nhi_components.core.errors import NhiError, Problem, SystemUnreachable
from nhi_components.core.lease_id import is_lease_id
from nhi_components.core.links import Link, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.host import files
from nhi_components.lifecycle.adapters.local_user import local_user
from nhi_components.lifecycle.credentials.ports import (
    Held,
    Material,
    NoSuchKind,
    NotSearchable,
    Overtaken,
    Place,
    Source,
)
from nhi_components.lifecycle.ports import Caller

KEY_ID = "key_id"
LEASE = "nhi_lease"

_LARGEST = 1024 * 1024
_BESIDE = ".new"


class Credentials:
    """The files of the machine that this runs on, as `CredentialSystem`."""

    def __init__(self, name: str, connection: HostConnection) -> None:
        self._name = name
        self._connection = connection

    def caller(self) -> Caller:
        """Tell the user and the machine; the account is the host that the connection asks for, empty for any."""
        self.check()
        principal = f"{local_user()}@{platform.node() or 'localhost'}"
        return Caller(System.HOST, self._name, principal, self._connection.host or "")

    def check(self) -> None:
        """Refuse to look at another machine than the connection's.

        Raises:
            SystemUnreachable: naming both.
        """
        here, wanted = platform.node(), self._connection.host
        if wanted and wanted != here:
            fix = f"run on {wanted}, or correct the connection's host"
            raise SystemUnreachable("host", Problem(f"host.{self._name}", f"host {here}", f"host {wanted}", fix))

    def source(self, spec: SourceSpec) -> Source:
        """Refuse: no machine issues credentials."""
        raise NoSuchKind(f"host.{self._name}: got {spec.kind}, expected a file; fix: choose another source")

    def place(self, spec: PlaceSpec) -> Place:
        """Open a file."""
        if not isinstance(spec, FilePlace):
            raise NoSuchKind(f"host.{self._name}: got {spec.kind}, expected file; fix: correct the place's kind")
        return FileOnHost(self._name, self, spec)

    def search(self, lease_id: str) -> list[Link]:
        """Refuse: a file is found by its path only, and only on this machine."""
        raise NotSearchable(
            f"host.{self._name}: files are known by path only, on the machine that this runs on; fix: name each in the "
            "program, and give the connection its host"
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """What stands at the path.

    Attributes:
        own: whether it is a regular file of our own user.
        version: inode, time of the last write and mode: one that others may read is another version.
        content: what is in it; empty when that is no object of ours to read.
    """

    own: bool
    version: str
    content: dict[str, Any] = field(repr=False)

    @property
    def lease(self) -> str | None:
        lease = self.content.get(LEASE)
        return lease if self.own and isinstance(lease, str) and is_lease_id(lease) else None

    @property
    def key_id(self) -> str | None:
        key_id = self.content.get(KEY_ID)
        return key_id if isinstance(key_id, str) else None


class FileOnHost:
    """One file, as `Place`."""

    def __init__(self, name: str, system: Credentials, spec: FilePlace) -> None:
        self._name = name
        self._system = system
        self._spec = spec
        self._path = Path(spec.path)

    @property
    def spec(self) -> FilePlace:
        """What it was opened by."""
        return self._spec

    def find(self) -> Held | None:
        """Tell what stands at the path; see the port. What a killed run left beside it counts as a mark."""
        self._system.check()
        with files.translated(self._name, self._path):
            found, left = self._found(), self._left()
        if found:
            return Held(found.lease, found.version, found.key_id)
        return Held(left[0][0], "", None) if left else None

    def write(self, lease: LeaseTags, material: Material, over: str | None = None) -> Held:
        """Write the file in one step and read it back; see the port."""
        self._system.check()
        content = self._content(lease, material)
        with files.translated(self._name, self._path):
            self._refuse_folder()
            found = self._found()
            self._refuse_foreign(found, lease.lease)
            self._refuse_overtaken(found.version if found else "", over)
            written = json.dumps(content, indent=2, ensure_ascii=False).encode()
            files.replace(self._path, self._beside(lease.lease), written + b"\n")
            found = self._found()
        if found is None or found.content != content:
            raise NhiError(
                f"host.{self._name}: {self._path}: got other content than was written, expected the credential; "
                "fix: see what else writes this file, and run it again"
            )
        return Held(found.lease, found.version, found.key_id)

    def prune(self) -> None:
        """Nothing: a file has no older versions."""

    def remove(self, lease_id: str) -> None:
        """Unlink it, with what a killed run left beside it; see the port."""
        self._system.check()
        with files.translated(self._name, self._path):
            found, left = self._found(), self._left()
            self._refuse_foreign(found, lease_id)
            for path in [*([self._path] if found else []), *(beside for lease, beside in left if lease == lease_id)]:
                path.unlink(missing_ok=True)
            if found or left:
                files.keep_folder(self._path.parent)

    def _found(self) -> _Found | None:
        try:
            status = self._path.lstat()
        except FileNotFoundError:
            return None
        version = f"{status.st_ino}-{status.st_mtime_ns}-{stat.S_IMODE(status.st_mode):04o}"
        readable = stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST
        return _Found(files.is_own(status), version, _object(files.read(self._path)) if readable else {})

    def _left(self) -> list[tuple[str, Path]]:
        """Find what killed runs were writing: lease and path of each."""
        beginning = f".{self._path.name}."
        try:
            names = [each.name for each in self._path.parent.iterdir()]
        except FileNotFoundError:
            return []
        left = [name for name in names if name.startswith(beginning) and name.endswith(_BESIDE)]
        leases = [(name.removeprefix(beginning).removesuffix(_BESIDE), name) for name in left]
        return [(lease, self._path.parent / name) for lease, name in leases if is_lease_id(lease)]

    def _beside(self, lease_id: str) -> Path:
        return self._path.parent / f".{self._path.name}.{lease_id}{_BESIDE}"

    def _content(self, lease: LeaseTags, material: Material) -> dict[str, Any]:
        if taken := sorted({KEY_ID, LEASE} & set(material.fields)):
            raise NhiError(
                f"host.{self._name}: {self._path}: got a field named {', '.join(taken)}, expected other names, because "
                "the file keeps the key's id and the lease there; fix: have the source name it otherwise"
            )
        return {**material.fields, KEY_ID: material.key_id, LEASE: lease.lease}

    def _refuse_folder(self) -> None:
        if found := files.unfit_folder(self._path.parent):
            raise NhiError(
                f"host.{self._name}: {self._path.parent}: got {found}, expected one that only its owner may write to, "
                f"or with the sticky bit; fix: chmod go-w {self._path.parent}"
            )

    def _refuse_foreign(self, found: _Found | None, lease_id: str) -> None:
        if found is None or found.lease == lease_id:
            return
        got = f"a file of {found.lease}" if found.lease else "a file, link or folder that bears no lease of ours"
        raise NhiError(
            f"host.{self._name}: {self._path}: got {got}, expected none, or one of {lease_id}; "
            "fix: move it away if it is no longer needed, or choose another path"
        )

    def _refuse_overtaken(self, version: str, over: str | None) -> None:
        if over is not None and over != version:
            raise Overtaken(
                f"host.{self._name}: {self._path}: got a file that was changed since, expected the one that was seen; "
                "fix: run it again"
            )


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
