"""Deleting leftovers that are proved a lease's, kind by kind."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

from nhi_components.core.azure_links import PRINCIPAL
from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.azure.admission import not_ours
from nhi_components.lifecycle.adapters.azure.census import HOLDER
from nhi_components.lifecycle.adapters.azure.census import sweep as sweep_assignment
from nhi_components.lifecycle.adapters.azure.directory import Directory
from nhi_components.lifecycle.adapters.azure.errors import Denied
from nhi_components.lifecycle.adapters.azure.federated import FederatedCredentials
from nhi_components.lifecycle.adapters.azure.identities import Identities
from nhi_components.lifecycle.adapters.azure.known_principals import kind_of
from nhi_components.lifecycle.adapters.azure.names import owner_of, same
from nhi_components.lifecycle.adapters.azure.own_secrets import OwnSecrets
from nhi_components.lifecycle.adapters.azure.roles import CustomRoles
from nhi_components.lifecycle.adapters.azure.service_principals import ServicePrincipals
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.holders import LEASE
from nhi_components.lifecycle.ports import Sighting


class Sweeping:
    """The sweeps through one connection; it remembers what the connection was not allowed to purge."""

    def __init__(self, session: AzureSession) -> None:
        self._session = session
        self._lock = Lock()
        self._kept: set[str] = set()

    def seen(self, sighting: Sighting) -> Sighting:
        """Tell of something that the directory keeps and the connection may not purge that nothing more can be done."""
        if sighting.recoverable_until and sighting.link.unique_id in self._kept:
            return replace(sighting, retained_until=sighting.recoverable_until)
        return sighting

    def sweep(self, sighting: Sighting) -> None:
        """Delete it, or, when that was done and it could be brought back, delete it for good."""
        link = sighting.link
        lease_id = link.attributes.get(LEASE, "")
        match link.kind:
            case LinkKind.AZURE_ROLE_ASSIGNMENT:
                sweep_assignment(self._session, link)
            case LinkKind.AZURE_FEDERATED_CREDENTIAL:
                self._sweep_credential(link)
            case LinkKind.AZURE_ROLE_DEFINITION:
                CustomRoles(self._session).delete(link.name, lease_id)
            case LinkKind.AZURE_MANAGED_IDENTITY:
                Identities(self._session).delete(link.name, link.unique_id or "")
            case LinkKind.ENTRA_APPLICATION | LinkKind.ENTRA_SERVICE_PRINCIPAL:
                self._sweep_entry(sighting)
            case LinkKind.KEY_VAULT_SECRET:
                OwnSecrets(self._session).delete(link, lease_id)
            case _:
                raise not_ours(link)

    def _sweep_credential(self, link: Link) -> None:
        """Delete a federated credential; one of a principal that was made anew meanwhile is left alone."""
        name, object_id = link.attributes.get(PRINCIPAL) or owner_of(link.name), link.attributes.get(HOLDER, "")
        if kind_of(name) is LinkKind.AZURE_MANAGED_IDENTITY:
            principal = Identities(self._session).find(name)
        else:
            principal = ServicePrincipals(self._session).find(name, object_id, "")
        if principal is None or not same(principal.object_id, object_id):
            return
        credentials = FederatedCredentials(self._session)
        if found := credentials.find(principal, link.name):
            credentials.delete(principal, found)

    def _sweep_entry(self, sighting: Sighting) -> None:
        object_id, directory = sighting.link.unique_id or "", Directory(self._session)
        if sighting.recoverable_until is None:
            directory.delete(sighting.link.kind, object_id)
        try:
            directory.purge(object_id)
        except Denied:
            # Nobody uses it any more; Entra deletes it for good by itself, and the date is told.
            with self._lock:
                self._kept.add(object_id)
