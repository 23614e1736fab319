"""Files of this machine as places."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nhi_components.core.connection import HostConnection
from nhi_components.core.credential.places import FilePlace
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.host.credentials import KEY_ID, LEASE, Credentials
from nhi_components.lifecycle.credentials.ports import Material

if TYPE_CHECKING:
    from tests.conformance.credentials.conftest import Setting


class FileWorld:
    system = System.HOST
    keeps_lease = True
    searchable = False
    tells_key = True
    compares = True
    keeps_older = False

    def __init__(self, setting: Setting) -> None:
        self.folder = setting.folder / "run" / "secrets"
        self.folder.mkdir(parents=True, mode=0o700)
        self.credentials: list[str] = []

    def open(self) -> Credentials:
        return Credentials("default", HostConnection())

    def open_wrong(self) -> Credentials:
        return Credentials("default", HostConnection(host="another.example.com"))

    def stop(self) -> None:
        """Put something else in the folder's place, as when another disk is mounted there."""
        self.folder.rename(self.folder.with_name("away"))
        self.folder.write_text("no folder")

    def start(self) -> None:
        self.folder.unlink()
        self.folder.with_name("away").rename(self.folder)

    def place(self, tags: LeaseTags) -> FilePlace:
        return FilePlace(path=str(self.folder / f"{tags.lease}.json"))

    def material(self, key_id: str) -> Material:
        fields = {"client_id": secrets.token_hex(8), "client_secret": secrets.token_urlsafe(30), "pem": "two\nlinés"}
        self.credentials += [fields["client_id"], fields["client_secret"]]
        return Material(key_id, fields)

    def values(self, spec: FilePlace) -> Mapping[str, str] | None:
        path = Path(spec.path)
        if not path.exists():
            return None
        return {key: value for key, value in json.loads(path.read_text()).items() if key not in (KEY_ID, LEASE)}

    def change_by_hand(self, spec: FilePlace) -> None:
        path = Path(spec.path)
        path.write_text(json.dumps({**json.loads(path.read_text()), "client_secret": "by hand"}))

    def put_namesake(self, spec: FilePlace) -> None:
        Path(spec.path).write_text('{"client_secret": "of somebody else"}')

    def everything(self, spec: FilePlace) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


PLACES = {"file": FileWorld}
