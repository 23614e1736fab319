"""Active Directory issues no credential of a lease and keeps none: its accounts are found and retired."""

from __future__ import annotations

from nhi_components.core.connection import ActiveDirectoryConnection
from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.sources import SourceSpec
from nhi_components.core.links import Link, System
from nhi_components.lifecycle.adapters.activedirectory.session import Directory
from nhi_components.lifecycle.credentials.ports import NoSuchKind, Place, Source
from nhi_components.lifecycle.ports import Caller


class Credentials:
    """One domain as `CredentialSystem`: it has no sources and no places."""

    def __init__(self, name: str, connection: ActiveDirectoryConnection) -> None:
        self._name = name
        self._directory = Directory(name, connection)

    def caller(self) -> Caller:
        """Tell who signs in, and to which domain."""
        return Caller(System.ACTIVE_DIRECTORY, self._name, self._directory.settings.user, self._directory.domain.name)

    def source(self, spec: SourceSpec) -> Source:
        """Refuse: there are none."""
        raise self._none(f"a source {spec.kind}")

    def place(self, spec: PlaceSpec) -> Place:
        """Refuse: there are none."""
        raise self._none(f"a place {spec.kind}")

    def search(self, lease_id: str) -> list[Link]:
        """Find nothing: nothing there bears a lease."""
        return []

    def _none(self, got: str) -> NoSuchKind:
        expected = "expected a system that holds credentials; Active Directory's accounts are found and retired"
        return NoSuchKind(f"{self._directory.where}: got {got}, {expected}")
