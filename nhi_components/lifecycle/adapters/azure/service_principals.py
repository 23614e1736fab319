"""Service principals of applications, as principals that roles are assigned to; Entra can disable them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.adapters.azure.directory import Directory, Entry
from nhi_components.lifecycle.adapters.azure.principals import Principal
from nhi_components.lifecycle.adapters.azure.session import AzureSession

_KIND: Final = LinkKind.ENTRA_SERVICE_PRINCIPAL
_OURS: Final = "nhi:"


class ServicePrincipals:
    """The service principals that one connection reaches."""

    def __init__(self, session: AzureSession) -> None:
        self._directory = Directory(session)

    def find(self, name: str, object_id: str | None, lease_id: str) -> Principal | None:
        """Read one that lives by its display name; the lease's where several have it."""
        entry = self._directory.find(_KIND, name, object_id, lease_id)
        return self.of(entry) if entry else None

    def of(self, entry: Entry) -> Principal:
        """Make a principal of an entry of the directory."""
        application = self._directory.by_client(LinkKind.ENTRA_APPLICATION, entry.client_id)
        return Principal(
            kind=_KIND,
            name=entry.name,
            object_id=entry.id,
            lease=entry.lease,
            tags=_read(entry.tags),
            owner=application.id if application else "",
            enabled=entry.enabled,
        )

    def retag(self, principal: Principal, tags: Mapping[str, str]) -> None:
        """Replace its tags."""
        self._change(principal, {"tags": _written(tags)})

    def enable(self, principal: Principal, *, enabled: bool) -> None:
        """Let Entra issue tokens to it or not; those that were issued work on until they end."""
        self._change(principal, {"accountEnabled": enabled})

    def of_lease(self, lease_id: str) -> Iterator[Principal]:
        """List those that bear a lease."""
        return map(self.of, self._directory.of_lease(_KIND, lease_id))

    def _change(self, principal: Principal, fields: Mapping[str, object]) -> None:
        entry = Entry(_KIND, principal.object_id, principal.name, "", None, (), enabled=True, deleted=None)
        self._directory.change(entry, fields)


def _read(tags: Iterable[str]) -> dict[str, str]:
    """Give our tags by name; those of others, which may be any text, keep it as their name."""
    told = (tag.partition("=") if tag.startswith(_OURS) else (tag, "", "") for tag in tags)
    return {name: value for name, _, value in told}


def _written(tags: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" if value else name for name, value in tags.items()]
