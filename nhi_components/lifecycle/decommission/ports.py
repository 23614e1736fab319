"""What decommissioning asks of a system; each system's folder answers it with a class `Retirement`.

A retirement acts on single identities, in steps that can each be repeated and resumed after a kill. What a step changes
is read first and kept by the caller (`Undo`), then marked at the system with the case, then changed. No credential
value is in an argument, a result or an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from nhi_components.core.links import System

Undo = Mapping[str, Any]
"""What a disable has to give back, as JSON: ids and documents, never values of credentials."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which identity is meant; see `core.inventory.records.FoundIdentity`."""

    key: str
    unique_id: str
    system: System
    place: str
    kind: str
    name: str


class Presence(StrEnum):
    """How an identity stands at its system."""

    ALIVE = "alive"
    DISABLED = "disabled"
    GONE = "gone"
    OTHER = "other"
    """Somebody else's stands at its key now: the unique id is another."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an identity stands at its system.

    Attributes:
        presence: how.
        case: the case that it is marked with; empty for none.
        stage: the stage that it is marked with; empty for none.
        guarded: why it must never be decommissioned, such as that it is the connection's own; empty for no reason.
        dependents: what runs as it, or refers to it, now; each as `KIND NAME`.
        used_at: its newest use that the system tells of; None when it tells of none.
    """

    presence: Presence
    case: str = ""
    stage: str = ""
    guarded: str = ""
    dependents: tuple[str, ...] = ()
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """Something that a delete has removed.

    Attributes:
        kind: what it was, such as `iam-access-key`.
        name: its name or public id.
        recoverable_until: until when its system could bring it back; None for never.
    """

    kind: str
    name: str
    recoverable_until: datetime | None = None


class CannotDisable(Exception):
    """The system knows no reversible way to disable that kind; says so, and what to do instead."""


class Retirement(Protocol):
    """One system through one connection. Every method may raise `SystemUnreachable`."""

    @property
    def system(self) -> System:
        """The kind of system."""

    @property
    def connection(self) -> str:
        """The name of the connection."""

    def place(self) -> str:
        """Tell which account, project, tenant, cluster or server it is, as discovery calls it."""

    def look(self, target: Target) -> Standing:
        """Tell how the identity stands; only reads."""

    def undo_of(self, target: Target) -> Undo:
        """Tell what `disable` would change, so that `restore` can give it back; only reads.

        Raises:
            CannotDisable: see there.
        """

    def mark(self, target: Target, case: str, stage: str) -> bool:
        """Write case and stage on the identity (tag, label, annotation, description, metadata); empty: take them off.

        Returns:
            Whether the system has a place for that.
        """

    def disable(self, target: Target, undo: Undo) -> None:
        """Deny everything to the identity and to what was issued to it, in a way that `restore` takes back."""

    def restore(self, target: Target, undo: Undo) -> None:
        """Give back just what `disable` took."""

    def delete(self, target: Target) -> Sequence[Removed]:
        """Remove the identity with everything that hangs on it, by its unique id; one that is gone is none.

        Repeated after a kill it goes on, and tells what is left to remove then.
        """


@runtime_checkable
class ReachesPlaces(Protocol):
    """A retirement whose connection reaches more than one place, such as several projects or organisations."""

    def reaches(self, place: str) -> bool:
        """Tell whether identities of a place, as discovery calls it, are within reach."""
