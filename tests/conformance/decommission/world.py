"""What the suite of retirements needs of each system: identities that are planted, used, replaced and looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from nhi_components.lifecycle.decommission.ports import Retirement, Target


@dataclass(frozen=True)
class Planted:
    """An identity that nobody made with this library.

    Attributes:
        target: which one.
        works: uses one of its own credentials or sessions, opened when it was planted where the system lets one be
            opened beforehand, and tells whether the system lets it do something.
        documents: everything that the system keeps of it, to be compared; without the times of its last uses.
        left: whatever of it is there, asked of the system itself by name.
    """

    target: Target
    works: Callable[[], bool]
    documents: Callable[[], Any]
    left: Callable[[], list[str]]


class RetirementWorld(Protocol):
    """One system that the suite owns."""

    secrets: list[str]
    """Credential values that must be told nowhere."""

    def plant(self, kind: str) -> Planted:
        """Make an identity of a kind with all that may hang on one, and nothing that runs as it."""

    def plant_guarded(self) -> Target:
        """Tell, or make, one that must never be decommissioned, such as the connection's own."""

    def add_dependent(self, planted: Planted) -> str:
        """Have something run as it, or refer to it, and tell how `look` tells of that."""

    def replace(self, planted: Planted) -> Callable[[], Any]:
        """Delete it and make another under its key; gives what the system keeps of that one."""

    def retirement(self) -> Retirement:
        """A new retirement by somebody who may do everything that it needs."""

    def retirement_of_nobody(self) -> Retirement:
        """One with credentials that the system does not know."""
