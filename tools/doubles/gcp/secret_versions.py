"""Secret Manager v1, `secrets.versions`: add, list, get, access, disable, enable, destroy.

A secret with `versionDestroyTtl` keeps a version disabled for that long before it destroys it; to enable or disable it
meanwhile calls that off (Secret Manager, 'Delay destruction of secret versions').
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tools.doubles.gcp.crc32c import crc32c
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.names import Clock, new_etag, page_of, stamp
from tools.doubles.gcp.times import duration
from tools.doubles.messages import Request
from tools.doubles.routes import route

SECRET = "/v1/projects/{project}/secrets/{secret}"  # noqa: S105 - a path, not a secret
_VERSIONS = SECRET + "/versions"
_VERSION = _VERSIONS + "/{version}"
_LARGEST = 65_536


@dataclass(slots=True)
class Version:
    """One version; `data` is emptied when it is destroyed, which is to be at `due`."""

    number: int
    made: str
    data: bytes = field(repr=False)
    state: str = "ENABLED"
    etag: str = field(default_factory=new_etag)
    destroyed: str = ""
    due: datetime | None = None

    def destroy(self, moment: datetime) -> None:
        """Empty it."""
        self.state, self.data, self.destroyed, self.due = "DESTROYED", b"", stamp(moment), None


@dataclass(slots=True)
class Secret:
    """One secret: what the API shows of it, and its versions by number."""

    facts: dict[str, Any]
    versions: dict[int, Version] = field(default_factory=dict)

    def newest(self) -> Version | None:
        """The one made last, whatever its state: what `latest` stands for."""
        return self.versions[max(self.versions)] if self.versions else None


class SecretVersions(ABC):
    """The versions of every secret."""

    _now: Clock

    @abstractmethod
    def _secret(self, request: Request) -> Secret:
        """The secret that a request is about."""

    @route("POST", SECRET + ":addVersion", needs="secretmanager.versions.add")
    def add_version(self, request: Request) -> Any:
        secret, payload = self._secret(request), request.json().get("payload", {})
        data = base64.b64decode(payload.get("data", ""))
        if not data or len(data) > _LARGEST:
            raise refuse("INVALID_ARGUMENT", "Secret Payload must be 1 to 65536 bytes.")
        if "dataCrc32c" in payload and int(payload["dataCrc32c"]) != crc32c(data):
            raise refuse("INVALID_ARGUMENT", "Secret Payload checksum does not match.")
        version = Version(max(secret.versions, default=0) + 1, stamp(self._now()), data)
        secret.versions[version.number] = version
        return _shown(secret, version)

    @route("GET", _VERSIONS, needs="secretmanager.versions.list")
    def versions(self, request: Request) -> Any:
        secret = self._secret(request)
        if request.query.get("filter"):
            raise refuse("INVALID_ARGUMENT", "the double knows no filter of versions")
        shown = [_shown(secret, secret.versions[number]) for number in sorted(secret.versions, reverse=True)]
        page = page_of(shown, "versions", request.query.get("pageSize", ""), request.query.get("pageToken", ""))
        return {**page, "totalSize": len(shown)}

    @route("GET", _VERSION, needs="secretmanager.versions.get")
    def version(self, request: Request) -> Any:
        return _shown(*self._version(request))

    @route("GET", _VERSION + ":access", needs="secretmanager.versions.access")
    def access(self, request: Request) -> Any:
        secret, version = self._version(request)
        name = _shown(secret, version)["name"]
        if version.state != "ENABLED":
            raise refuse("FAILED_PRECONDITION", f"Secret Version [{name}] is in {version.state} state.")
        data = base64.b64encode(version.data).decode()
        return {"name": name, "payload": {"data": data, "dataCrc32c": str(crc32c(version.data))}}

    @route("POST", _VERSION + ":disable", needs="secretmanager.versions.disable")
    def disable(self, request: Request) -> Any:
        return self._turned(request, "DISABLED")

    @route("POST", _VERSION + ":enable", needs="secretmanager.versions.enable")
    def enable(self, request: Request) -> Any:
        return self._turned(request, "ENABLED")

    @route("POST", _VERSION + ":destroy", needs="secretmanager.versions.destroy")
    def destroy(self, request: Request) -> Any:
        secret, version = self._version(request)
        self._turned(request, "DISABLED")
        if delay := secret.facts.get("versionDestroyTtl"):
            version.due = self._now() + duration(delay)
        else:
            version.destroy(self._now())
        return _shown(secret, version)

    def _turned(self, request: Request, state: str) -> Any:
        secret, version = self._version(request)
        check_etag(version.etag, request.json().get("etag"))
        if version.state == "DESTROYED":
            raise refuse("FAILED_PRECONDITION", "SecretVersion.state is already DESTROYED.")
        version.state, version.etag, version.due = state, new_etag(), None
        return _shown(secret, version)

    def _version(self, request: Request) -> tuple[Secret, Version]:
        secret, asked = self._secret(request), request.params["version"]
        number = secret.facts.get("versionAliases", {}).get(asked, asked)
        found = secret.newest() if number == "latest" else secret.versions.get(int(number) if number.isdigit() else 0)
        if found is None:
            raise refuse("NOT_FOUND", f"Secret Version [{secret.facts['name']}/versions/{asked}] not found.")
        return secret, found


def check_etag(stands: str, asked: str | None) -> None:
    """Source: Secret Manager, 'Use entity tags': 400 FAILED_PRECONDITION; without an etag nothing is compared."""
    if asked and asked != stands:
        raise refuse("FAILED_PRECONDITION", "The etag provided does not match the current one of the resource.")


def _shown(secret: Secret, version: Version) -> dict[str, Any]:
    facts = {
        "name": f"{secret.facts['name']}/versions/{version.number}",
        "createTime": version.made,
        "state": version.state,
        "replicationStatus": {"automatic": {}},
        "etag": version.etag,
    }
    facts |= {"destroyTime": version.destroyed} if version.destroyed else {}
    return facts | ({"scheduledDestroyTime": stamp(version.due)} if version.due else {})
