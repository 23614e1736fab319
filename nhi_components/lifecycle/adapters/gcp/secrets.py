"""Secrets of Secret Manager: what one is, its versions, its marks; REST v1.

Secret Manager is consistent at once only for the access of a version by its number; all else may lag ('Data
consistency' in its documentation). So a version that the list does not have yet is looked for by number.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags, lease_of_metadata
from nhi_components.lifecycle.adapters.gcp.errors import ALREADY_EXISTS, FAILED_PRECONDITION, NOT_FOUND, Refused
from nhi_components.lifecycle.adapters.gcp.session import SECRET_MANAGER, GcpSession

ENABLED, DESTROYED = "ENABLED", "DESTROYED"
_LEASE_LABEL = "nhi_lease"
_PAGE = "1000"


class Conflict(NhiError):
    """A secret was changed between our look and our change; nothing of ours was changed."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What a secret is now; never a value.

    Attributes:
        name: its resource name, with the project's number.
        etag: what must still hold when it is changed.
        labels: its labels.
        annotations: its annotations.
    """

    name: str
    etag: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(repr=False)

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of_metadata(self.labels)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a secret; never its value."""

    number: int
    state: str

    @property
    def holds_value(self) -> bool:
        """Whether it could be read, now or once it is enabled."""
        return self.state != DESTROYED


class Secrets:
    """The secrets that one connection reaches; `path` is `/v1/projects/P/secrets/S` throughout."""

    def __init__(self, session: GcpSession) -> None:
        self._session = session

    def find(self, path: str) -> Secret | None:
        """Read what is known of a secret; None when there is none."""
        reply = self._session.look(SECRET_MANAGER, path, needs="secretmanager.secrets.get")
        return _secret(reply.body) if reply else None

    def create(self, path: str, lease: LeaseTags) -> None:
        """Make a secret without a value that bears the lease; one that is there is left as it is."""
        parent, _, id_ = path.rpartition("/")
        marks = lease.to_metadata()
        body = {"replication": {"automatic": {}}, "labels": lease.to_labels(), "annotations": marks}
        try:
            self._post(parent, "create", body, query={"secretId": id_}, of="secrets")
        except Refused as refused:
            if refused.code != ALREADY_EXISTS:
                raise

    def change(self, path: str, secret: Secret, lease: LeaseTags | None, annotations: Mapping[str, str]) -> None:
        """Replace the annotations, and mark with the lease if there is one, if nothing was changed since the look.

        Raises:
            Conflict: something was.
        """
        marks = lease.to_metadata() if lease else {}
        labels = {**secret.labels, **(lease.to_labels() if lease else {})}
        body = {"etag": secret.etag, "labels": labels, "annotations": {**annotations, **marks}}
        query = {"updateMask": "labels,annotations"}
        needs = "secretmanager.secrets.update"
        with _comparing(path):
            self._session.ask("PATCH", SECRET_MANAGER, path, needs=needs, query=query, body=body)

    def delete(self, path: str, secret: Secret) -> None:
        """Delete a secret with all its versions, without recovery, if nothing was changed since the look."""
        needs = "secretmanager.secrets.delete"
        with _comparing(path):
            try:
                self._session.ask("DELETE", SECRET_MANAGER, path, needs=needs, query={"etag": secret.etag})
            except Refused as refused:
                if refused.code != NOT_FOUND:
                    raise

    def versions(self, path: str) -> list[Version]:
        """List all versions, also destroyed ones, by number; none when there is no secret."""
        needs = "secretmanager.versions.list"
        found = {
            version.number: version for version in map(_version, self._pages(f"{path}/versions", "versions", needs))
        }
        following = max(found, default=0) + 1
        while found and (unlisted := self._unlisted(path, following)):
            found[following] = unlisted
            following += 1
        return [found[number] for number in sorted(found)]

    def has_versions(self, path: str) -> bool:
        """Tell whether a secret was ever given a value, without reading any; one of a moment ago may not show yet."""
        query = {"pageSize": "1"}
        reply = self._session.look(SECRET_MANAGER, f"{path}/versions", needs="secretmanager.versions.list", query=query)
        return bool(reply and reply.body.get("versions"))

    def access(self, path: str, number: int) -> bytes:
        """Read a version's value."""
        needs = "secretmanager.versions.access"
        reply = self._session.ask("GET", SECRET_MANAGER, f"{path}/versions/{number}:access", needs=needs)
        return base64.b64decode(reply.body.get("payload", {}).get("data", ""))

    def add(self, path: str, value: bytes) -> int:
        """Add a version, and tell its number."""
        payload = {"payload": {"data": base64.b64encode(value).decode()}}
        return _version(self._post(f"{path}:addVersion", "add", payload)).number

    def destroy(self, path: str, number: int) -> None:
        """Destroy a version's value.

        Raises:
            NhiError: the secret only lets it be destroyed later.
        """
        try:
            state = self._post(f"{path}/versions/{number}:destroy", "destroy", {}).get("state")
        except Refused as refused:
            if refused.code not in (FAILED_PRECONDITION, NOT_FOUND):
                raise
            found = self._session.look(SECRET_MANAGER, f"{path}/versions/{number}", needs="secretmanager.versions.get")
            state = found.body.get("state") if found else DESTROYED
        if state != DESTROYED:
            raise NhiError(
                f"gcp.{self._session.name}: {path}: version {number} is {state} after it was destroyed, expected "
                f"{DESTROYED}; fix: take the version destroy TTL off the secret: with it old keys can be brought back"
            )

    def of_lease(self, project: str, lease_id: str) -> Iterator[str]:
        """List the ids of a project's secrets that bear a lease id."""
        path, query = f"/v1/projects/{project}/secrets", {"filter": f"labels.{_LEASE_LABEL}={lease_id}"}
        for told in self._pages(path, "secrets", "secretmanager.secrets.list", query):
            if lease_of_metadata(told.get("labels") or {}) == lease_id:
                yield str(told["name"]).rpartition("/")[2]

    def time(self, path: str) -> datetime:
        """Tell Secret Manager's own time."""
        return self._session.time(SECRET_MANAGER, path)

    def _unlisted(self, path: str, number: int) -> Version | None:
        try:
            self.access(path, number)
        except Refused as refused:
            # Google answers so for one that is there but is disabled or destroyed.
            return None if refused.code != FAILED_PRECONDITION else Version(number, "DISABLED")
        return Version(number, ENABLED)

    def _pages(self, path: str, field_name: str, needs: str, query: Mapping[str, str] | None = None) -> Iterator[Any]:
        asked = {**(query or {}), "pageSize": _PAGE}
        while True:
            reply = self._session.look(SECRET_MANAGER, path, needs=needs, query=asked)
            if reply is None:
                return
            yield from reply.body.get(field_name, [])
            if not reply.body.get("nextPageToken"):
                return
            asked = {**asked, "pageToken": str(reply.body["nextPageToken"])}

    def _post(
        self,
        path: str,
        verb: str,
        body: Mapping[str, Any],
        *,
        query: Mapping[str, str] | None = None,
        of: str = "versions",
    ) -> Mapping[str, Any]:
        needs, holds_value = f"secretmanager.{of}.{verb}", "payload" in body
        return self._session.ask(
            "POST", SECRET_MANAGER, path, needs=needs, query=query, body=body, holds_value=holds_value
        ).body


@contextmanager
def _comparing(path: str) -> Iterator[None]:
    """Tell a comparison of etags that failed from other refusals (Secret Manager, 'Use entity tags')."""
    try:
        yield
    except Refused as refused:
        if refused.code not in (FAILED_PRECONDITION, "ABORTED"):
            raise
        raise Conflict(f"{path} was changed meanwhile") from None


def _secret(told: Mapping[str, Any]) -> Secret:
    return Secret(str(told["name"]), str(told.get("etag", "")), told.get("labels") or {}, told.get("annotations") or {})


def _version(told: Mapping[str, Any]) -> Version:
    return Version(int(str(told["name"]).rpartition("/")[2]), str(told.get("state", "")))
