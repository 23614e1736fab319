"""What a system must offer so that its sources and places are run through the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.sources import SourceSpec
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.credentials.ports import CredentialSystem, Material


class CredentialWorld(Protocol):
    """One real, emulated or doubled system, asked directly, never through our own code.

    Attributes:
        credentials: every value that was ever made here, also the connection's own; none may show up anywhere.
    """

    system: System
    credentials: list[str]

    def open(self) -> CredentialSystem:
        """A new one through the ambient connection."""

    def open_wrong(self) -> CredentialSystem:
        """One whose credentials the system refuses."""

    def stop(self) -> None:
        """Take the system away: connections are refused. A world that can't be down does nothing."""

    def start(self) -> None:
        """Bring it back as it was."""


class PlaceWorld(CredentialWorld, Protocol):
    """A system with a place.

    Attributes:
        keeps_lease: whether the system keeps marks, so that a namesake is told from ours.
        searchable: where it is there, whether a place is found from its lease id alone; else what keeps marks is.
        tells_key: whether the place tells which key it holds.
        compares: whether a write over another version is refused.
        keeps_older: whether it keeps older versions of what was written.
    """

    keeps_lease: bool
    tells_key: bool
    compares: bool
    keeps_older: bool

    def place(self, tags: LeaseTags) -> PlaceSpec:
        """A resolved place of its own for each lease; nothing stands there yet."""

    def material(self, key_id: str) -> Material:
        """Something to deliver there, with fields that the place takes; its values are noted in `credentials`."""

    def values(self, spec: PlaceSpec) -> Mapping[str, str] | None:
        """The material's fields as the system itself tells them; None when there is nothing."""

    def change_by_hand(self, spec: PlaceSpec) -> None:
        """Write other values there, as a person would."""

    def put_namesake(self, spec: PlaceSpec) -> None:
        """Make somebody else's thing there, with a value."""

    def everything(self, spec: PlaceSpec) -> list[str]:
        """All that exists there, with older and soft-deleted versions and our own notes and claims; a line each."""


class SourceWorld(CredentialWorld, Protocol):
    """A system with a source.

    Attributes:
        can_disable: whether keys can be disabled.
        tells_use: whether it tells when a key was last used.
    """

    can_disable: bool
    tells_use: bool

    def source(self, tags: LeaseTags) -> SourceSpec:
        """A resolved source of its own for each lease, whose principal exists and is ours."""

    def foreign_source(self, tags: LeaseTags) -> SourceSpec | None:
        """The same, with a principal that is somebody else's; None where there is no principal to mark."""

    def create_by_hand(self, spec: SourceSpec) -> str:
        """Make a key as a person would; its id."""

    def ids(self, spec: SourceSpec) -> list[str]:
        """The ids of all keys that exist, as the system itself tells them."""

    def accepts(self, spec: SourceSpec, material: Material) -> bool:
        """Use a key as its holder would."""
