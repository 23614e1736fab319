"""Applications and service principals of Entra: known by their display names, owned by their tags and notes.

Both are deleted softly, and kept for 30 days, in which they count towards the directory's quota; then, or when somebody
deletes them for good before, they are gone. Sources: Microsoft Graph, 'application', 'servicePrincipal',
'directory: deletedItems'; Microsoft Entra, 'Recover from deletions in Microsoft Entra ID'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, LinkKind
from nhi_components.core.tags import LeaseTags, description_mark
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.azure.client_secrets import READ, WRITE, lease_of_application
from nhi_components.lifecycle.adapters.azure.errors import Refused
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.ownership import refuse_foreign

RECOVERY: Final = timedelta(days=30)
"""How long what was deleted can be brought back."""

_COLLECTIONS: Final[Mapping[LinkKind, str]] = MappingProxyType(
    {LinkKind.ENTRA_APPLICATION: "applications", LinkKind.ENTRA_SERVICE_PRINCIPAL: "servicePrincipals"}
)
_TYPES: Final[Mapping[LinkKind, str]] = MappingProxyType(
    {LinkKind.ENTRA_APPLICATION: "application", LinkKind.ENTRA_SERVICE_PRINCIPAL: "servicePrincipal"}
)
_FIELDS: Final = "id,appId,displayName,notes,tags,deletedDateTime"


@dataclass(frozen=True, slots=True)
class Entry:
    """An application or a service principal.

    Attributes:
        kind: which of them.
        id: its object id, which what is made anew never shares.
        name: its display name, which others may have as well.
        client_id: what both have in common.
        lease: the lease that it bears.
        tags: its tags.
        enabled: whether Entra issues tokens to it; of applications, which say nothing of that, always.
        deleted: when it was deleted; None while it lives.
    """

    kind: LinkKind
    id: str
    name: str
    client_id: str
    lease: str | None
    tags: tuple[str, ...]
    enabled: bool
    deleted: datetime | None

    @property
    def path(self) -> str:
        """Where Microsoft Graph has it while it lives."""
        return f"/{_COLLECTIONS[self.kind]}/{self.id}"

    @property
    def kept_until(self) -> datetime | None:
        """Until when it can be brought back; None while it lives."""
        return self.deleted + RECOVERY if self.deleted else None


class Directory:
    """The applications and service principals that one connection reaches."""

    def __init__(self, session: AzureSession) -> None:
        self._session = session

    def find(self, kind: LinkKind, name: str, object_id: str | None, lease_id: str) -> Entry | None:
        """Read one that lives by its display name: the one that is the lease's where several have it."""
        found = list(self._listed(kind, f"displayName eq '{name.replace(chr(39), chr(39) * 2)}'"))
        known = next((each for each in found if object_id and each.id == object_id), None)
        own = next((each for each in found if each.lease == lease_id), None)
        return known or own or next(iter(found), None)

    def by_id(self, kind: LinkKind, object_id: str) -> Entry | None:
        """Read one that lives by its object id."""
        path = f"/{_COLLECTIONS[kind]}/{quote(object_id)}?$select={_selected(kind)}"
        reply = self._session.look(path, needs=READ)
        return _entry(kind, reply.body) if reply else None

    def by_client(self, kind: LinkKind, client_id: str) -> Entry | None:
        """Read one that lives by its client id."""
        return next(self._listed(kind, f"appId eq '{client_id}'"), None)

    def of_lease(self, kind: LinkKind, lease_id: str) -> Iterator[Entry]:
        """List those that live whose tags bear a lease; notes can't be searched for."""
        return self._listed(kind, f"tags/any(t:t eq '{description_mark(lease_id)}')")

    def deleted(self, kind: LinkKind, object_id: str | None, lease_id: str) -> Iterator[Entry]:
        """List those that were deleted and can be brought back: of an object id, or all that bear a lease."""
        path = "/directory/deletedItems"
        if object_id:
            reply = self._session.look(f"{path}/{object_id}", needs=READ)
            yield from [_entry(kind, reply.body)] if reply else []
            return
        told = self._pages(f"{path}/microsoft.graph.{_TYPES[kind]}?$select={_selected(kind)}")
        yield from (entry for each in told if (entry := _entry(kind, each)).lease == lease_id)

    def admit(self, lease: LeaseTags, link: Link) -> Entry:
        """See that one is the lease's.

        Raises:
            NhiError: it is not there, is another lease's, or nobody's.
        """
        found = appeared(lambda name: self.find(link.kind, name, link.unique_id, lease.lease), link)
        refuse_foreign(lease.lease, found.lease, found.id, link)
        if found.lease is None and link.unique_id is None:
            raise NhiError(
                f"{link}: found none that bears the lease, expected the tag {description_mark(lease.lease)}; "
                "fix: declare it through its component, which writes it"
            )
        if found.lease is None:
            self.change(found, {"tags": [*found.tags, description_mark(lease.lease)]})
        return found

    def change(self, entry: Entry, fields: Mapping[str, Any]) -> None:
        """Change fields."""
        self._session.graph("PATCH", entry.path, needs=WRITE, body=fields)

    def delete(self, kind: LinkKind, object_id: str) -> None:
        """Delete one, which can be brought back then; it may be gone already."""
        self._gone(f"/{_COLLECTIONS[kind]}/{object_id}")

    def purge(self, object_id: str) -> None:
        """Delete for good what was deleted."""
        self._gone(f"/directory/deletedItems/{object_id}")

    def _gone(self, path: str) -> None:
        try:
            self._session.graph("DELETE", path, needs=WRITE)
        except Refused as refused:
            if not refused.tells_absence:
                raise

    def _listed(self, kind: LinkKind, wanted: str) -> Iterator[Entry]:
        path = f"/{_COLLECTIONS[kind]}?$filter={quote(wanted)}&$select={_selected(kind)}"
        return (_entry(kind, told) for told in self._pages(path))

    def _pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        while path:
            reply = self._session.graph("GET", path, needs=READ)
            yield from reply.body.get("value", [])
            # The next page is on the same host, whatever the link says, as it is asked for with our token.
            path = str(reply.body.get("@odata.nextLink") or "").partition("/v1.0")[2]


def _selected(kind: LinkKind) -> str:
    return f"{_FIELDS},accountEnabled" if kind is LinkKind.ENTRA_SERVICE_PRINCIPAL else _FIELDS


def _entry(kind: LinkKind, told: Mapping[str, Any]) -> Entry:
    deleted = told.get("deletedDateTime")
    return Entry(
        kind=kind,
        id=str(told["id"]),
        name=str(told.get("displayName") or ""),
        client_id=str(told.get("appId") or ""),
        lease=lease_of_application(told),
        tags=tuple(str(tag) for tag in told.get("tags") or ()),
        enabled=told.get("accountEnabled") is not False,
        deleted=datetime.fromisoformat(str(deleted)) if deleted else None,
    )
