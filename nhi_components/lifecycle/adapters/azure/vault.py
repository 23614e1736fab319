"""Secrets of one Key Vault: current value, versions, deletion in two steps.

Each version has tags of its own, 15 at most. No version can be deleted: it can only be disabled, until the whole secret
is purged (Key Vault, 'Delete secret' and 'Purge deleted secret').
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nhi_components.core.errors import NhiError
from nhi_components.core.tags import lease_of
from nhi_components.lifecycle.adapters.azure.errors import Refused, translated
from nhi_components.lifecycle.adapters.azure.session import AzureSession, time_of

SETTLING_SECONDS = 60
"""How long a deletion or a purge may take to come through: Key Vault documents no figure, others measured 1 to 30 s."""

_DELETED = "ObjectIsDeletedButRecoverable"
_UNSETTLED = frozenset({"ObjectIsBeingDeleted", "ObjectIsBeingRecovered"})
_CONFLICT, _FORBIDDEN = 409, 403
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Current:
    """What a secret holds now.

    Attributes:
        version: the version's id; empty when it is disabled.
        tags: the version's tags.
        value: what it holds.
    """

    version: str
    tags: Mapping[str, str]
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Version:
    """One version; never its value."""

    id: str
    tags: Mapping[str, str]
    enabled: bool
    created: datetime
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    """A secret that was deleted and can be recovered.

    Attributes:
        tags: of the version that was current.
        until: when Key Vault purges it by itself.
        purgeable: whether it can be purged before.
    """

    tags: Mapping[str, str]
    until: datetime | None
    purgeable: bool

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of(self.tags)


def lease_among(versions: list[Version]) -> str | None:
    """Tell whose a secret is: a version that was set by hand bears nothing, but the ones before still do."""
    return next((lease for version in reversed(versions) if (lease := lease_of(version.tags))), None)


class Vault:
    """One vault."""

    def __init__(self, session: AzureSession, name: str) -> None:
        self.name = name
        self._session = session

    @property
    def where(self) -> str:
        """Connection and vault, for people."""
        return f"azure.{self._session.name}: {self.name}"

    def uri_of(self, name: str) -> str:
        """The address at which a secret is read, in the connection's cloud, without a version."""
        return f"{self._session.vault(self.name).vault_url.rstrip('/')}/secrets/{name}"

    def current(self, name: str) -> Current | None:
        """Read the current version; None when there is no such secret, without a version's id when it is disabled."""
        try:
            with self._call("get", name):
                found = self._session.vault(self.name).get_secret(name)
        except Refused as refused:
            if refused.code == "SecretDisabled":
                return Current("", {}, "")
            _refuse_but_absent(refused)
            return None
        return Current(found.properties.version or "", found.properties.tags or {}, found.value or "")

    def versions(self, name: str) -> list[Version]:
        """List all versions, oldest first as far as seconds tell; none when there is no such secret."""
        try:
            with self._call("list", name):
                found = list(self._session.vault(self.name).list_properties_of_secret_versions(name))
        except Refused as refused:
            _refuse_but_absent(refused)
            return []
        versions = [_version(each) for each in found]
        return sorted(versions, key=lambda version: (version.created, version.id))

    def set(
        self, name: str, value: str, tags: Mapping[str, str], lease_id: str, *, expires: datetime | None = None
    ) -> str:
        """Add a version and tell its id; a secret of the lease that was deleted is recovered first.

        Args:
            name: the secret's name.
            value: what it is to hold.
            tags: the version's tags.
            lease_id: the lease that a deleted secret of that name has to bear.
            expires: the version's `exp`, which Key Vault only tells: it gives out a secret that is past it.

        Raises:
            NhiError: one of somebody else's is deleted under that name.
        """

        def added() -> str | None:
            with self._call("set", name, holds_value=True):
                made = self._session.vault(self.name).set_secret(name, value, tags=dict(tags), expires_on=expires)
            return made.properties.version

        version: str = self._settled(name, lambda: self._added(name, added, lease_id), "it is still being deleted")
        return version

    def update(
        self,
        name: str,
        version: str,
        *,
        tags: Mapping[str, str] | None = None,
        enabled: bool | None = None,
        expires: datetime | None = None,
    ) -> None:
        """Change a version's tags, its `exp`, or whether it is enabled; nothing when it is gone."""
        try:
            with self._call("set", name):
                client, wanted = self._session.vault(self.name), dict(tags) if tags is not None else None
                client.update_secret_properties(name, version, tags=wanted, enabled=enabled, expires_on=expires)
        except Refused as refused:
            _refuse_but_absent(refused)

    def deleted(self, name: str) -> Deleted | None:
        """Tell about a secret that was deleted and can be recovered; None when there is none."""
        try:
            with self._call("get", name):
                found = self._session.vault(self.name).get_deleted_secret(name)
        except Refused as refused:
            _refuse_but_absent(refused)
            return None
        return _deleted(found)

    def erase(self, name: str) -> None:
        """Delete a secret with all its versions, and purge it where the vault lets it be purged."""
        try:
            with self._call("delete", name):
                self._session.vault(self.name).begin_delete_secret(name)
        except Refused as refused:
            _refuse_but_absent(refused)
        gone = self._settled(name, lambda: self.deleted(name) or self._vanished(name), "it is not deleted yet")
        if isinstance(gone, Deleted) and gone.purgeable:
            self.purge(name)

    def purge(self, name: str) -> None:
        """Purge a deleted secret."""
        try:
            with self._call("purge", name):
                self._session.vault(self.name).purge_deleted_secret(name)
        except Refused as refused:
            _refuse_but_absent(refused)
        self._settled(name, lambda: True if self.deleted(name) is None else None, "it is not purged yet")

    def marked(self, lease_id: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """List the secrets that bear a lease, deleted ones among them, with their tags."""
        for listing in ("list_properties_of_secrets", "list_deleted_secrets"):
            with self._call("list", "every secret"):
                found = list(getattr(self._session.vault(self.name), listing)())
            for each in found:
                # A deleted secret has them in its properties, a living one is properties.
                tags = getattr(each, "properties", each).tags or {}
                if lease_of(tags) == lease_id:
                    yield str(each.name), tags

    def time(self, name: str) -> datetime:
        """Tell Key Vault's own time."""
        told: list[datetime] = []
        try:
            with self._call("get", name):
                self._session.vault(self.name).get_secret(
                    name, raw_response_hook=lambda answer: told.append(time_of(answer.http_response.headers))
                )
        except Refused as refused:
            if not refused.tells_absence and refused.status != _FORBIDDEN:
                raise
        return told[-1]

    def _added(self, name: str, add: Callable[[], str | None], lease_id: str) -> str | None:
        try:
            return add()
        except Refused as refused:
            if refused.status != _CONFLICT or refused.code not in {_DELETED, *_UNSETTLED}:
                raise
            deleted = self.deleted(name) if refused.code == _DELETED else None
        if deleted is None:
            return None
        if deleted.lease != lease_id:
            raise NhiError(
                f"{self.where}/{name}: a deleted secret of somebody else's has that name until {deleted.until}, "
                f"expected one that bears {lease_id}, or none; fix: purge it, or give the place another `secret`"
            )
        with self._call("recover", name):
            self._session.vault(self.name).begin_recover_deleted_secret(name)
        return None

    def _vanished(self, name: str) -> bool | None:
        """Whether it is neither there nor deleted: a vault without soft delete."""
        return None if self.versions(name) or self.deleted(name) else True

    def _settled(self, name: str, ask: Callable[[], Any], pending: str) -> Any:
        end = time.monotonic() + SETTLING_SECONDS
        pause = 0.1
        while not (answer := ask()):
            if time.monotonic() > end:
                raise NhiError(
                    f"{self.where}/{name}: {pending} after {SETTLING_SECONDS} s, expected it to be; "
                    "fix: run the same command again"
                )
            time.sleep(pause)
            pause = min(2 * pause, 2.0)
        return answer

    def _call(self, verb: str, name: str, *, holds_value: bool = False) -> AbstractContextManager[None]:
        needs = f"secrets/{verb} (role Key Vault Secrets Officer) on {self.name}"
        place = f"{verb} {self.name}/{name}"
        return translated(self._session.name, place, needs=needs, holds_value=holds_value)


def _refuse_but_absent(refused: Refused) -> None:
    if not refused.tells_absence:
        raise refused


def _version(told: Any) -> Version:
    return Version(str(told.version), told.tags or {}, bool(told.enabled), told.created_on or _EPOCH, told.expires_on)


def _deleted(told: Any) -> Deleted:
    level = told.properties.recovery_level or ""
    return Deleted(told.properties.tags or {}, told.scheduled_purge_date, "Purgeable" in level)
