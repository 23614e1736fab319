"""The part of a survey that asks Microsoft Graph: applications and service principals, those that were deleted as well.

Graph is asked where links say that there is something of Entra, or say nothing at all: whoever has managed identities
only needs no permission of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.lifecycle.adapters.azure.directory import Directory, Entry
from nhi_components.lifecycle.adapters.azure.errors import Denied
from nhi_components.lifecycle.adapters.azure.known_principals import Known, KnownPrincipals
from nhi_components.lifecycle.adapters.azure.service_principals import ServicePrincipals
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.ownership import ownership_of
from nhi_components.lifecycle.ports import BlindSpot, Ownership, Sighting

_APPLICATION, _SERVICE = LinkKind.ENTRA_APPLICATION, LinkKind.ENTRA_SERVICE_PRINCIPAL
ENTRA = (_SERVICE, _APPLICATION)
"""The kinds that are looked for in Entra, in the order to sweep in."""


class DirectorySurvey:
    """One look at Entra.

    Attributes:
        unseen: what could not be looked for.
    """

    def __init__(
        self, session: AzureSession, lease_id: str, links: Sequence[Link], principals: KnownPrincipals
    ) -> None:
        self._session = session
        self._directory = Directory(session)
        self._lease_id = lease_id
        self._links = [link for link in links if link.kind in ENTRA]
        self._asks = bool(self._links) or not links
        self._principals = principals
        self._found: dict[LinkKind, list[Entry]] = {}
        self.unseen: list[BlindSpot] = []

    def meet(self) -> None:
        """Find what bears the lease, so that the service principals among it are known as principals."""
        if not self._asks:
            return
        for kind in ENTRA:
            try:
                self._found[kind] = list(self._directory.of_lease(kind, self._lease_id))
            except Denied as denied:
                reason = NotChecked(f"those that no link names were not looked for: {denied.problem}")
                self.unseen.append(BlindSpot(System.AZURE, self._session.name, kind, reason))
        services = ServicePrincipals(self._session)
        for entry in self._found.get(_SERVICE, []):
            self._principals.take(services.of(entry))

    def sightings(self, of_principal: Callable[[Known], Sighting]) -> Iterator[Sighting]:
        """Tell of service principals, applications, and what was deleted of both.

        Args:
            of_principal: tells of a service principal that lives.
        """
        if not self._asks:
            return
        for known in self._principals:
            if known.kind is _SERVICE and known.principal and (known.ours or known.link):
                yield of_principal(known)
        for link, entry in self._applications():
            yield self._seen(link, entry)
        for kind in ENTRA:
            yield from self._deleted(kind)

    def _applications(self) -> Iterator[tuple[Link, Entry]]:
        linked = [link for link in self._links if link.kind is _APPLICATION]
        told = set[str]()
        for link in linked:
            entry = self._directory.find(_APPLICATION, link.name, link.unique_id, self._lease_id)
            if entry and entry.id not in told:
                told.add(entry.id)
                yield link, entry
        for entry in self._found.get(_APPLICATION, []):
            if entry.id not in told:
                yield self._link(entry), entry

    def _deleted(self, kind: LinkKind) -> Iterator[Sighting]:
        """Tell of what was deleted: by object id where links know it, else by the lease that it bears."""
        ids = [link.unique_id for link in self._links if link.kind is kind]
        asked = {None} if not self._links or None in ids else set(ids)
        linked = {link.unique_id: link for link in self._links if link.kind is kind and link.unique_id}
        try:
            found = [entry for each in asked for entry in self._directory.deleted(kind, each, self._lease_id)]
        except Denied as denied:
            reason = NotChecked(f"those that were deleted were not looked for: {denied.problem}")
            self.unseen.append(BlindSpot(System.AZURE, self._session.name, kind, reason))
            return
        for entry in found:
            yield self._seen(linked.get(entry.id) or self._link(entry), entry)

    def _seen(self, link: Link, entry: Entry) -> Sighting:
        ownership = ownership_of(self._lease_id, entry.lease, entry.id, link)
        noted = replace(link, unique_id=entry.id)
        if ownership is Ownership.NAMESAKE:
            return Sighting(noted, ownership, f"another of that name, it bears {entry.lease or 'no lease'}")
        until = entry.kept_until
        told = f"deleted; can be brought back until {until:%Y-%m-%d}" if until else ""
        return Sighting(noted, ownership, told, recoverable_until=until)

    def _link(self, entry: Entry) -> Link:
        return Link(System.AZURE, entry.kind, entry.name, self._session.name, entry.id)
