"""What a destination of events is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from nhi_components.core.errors import NhiError, Problem
from nhi_components.lifecycle.audit.trail import Outgoing


class NotTaken(NhiError):
    """A destination did not take events; nothing of a credential is in it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(f"events were not taken: {problem}")


class Busy(NotTaken):
    """It may take the same events later.

    Attributes:
        after: after how many seconds it wants to be asked again; None when it does not tell.
    """

    def __init__(self, problem: Problem, after: float | None = None) -> None:
        self.after = after
        super().__init__(problem)


class Refused(NotTaken):
    """It will not take them, however often it is asked."""


class Destination(Protocol):
    """Takes events."""

    @property
    def name(self) -> str:
        """Where it is, as the user wrote it."""

    def send(self, events: Sequence[Outgoing]) -> None:
        """Send events in their order, and return when they are taken; called again with the same after `Busy`.

        Raises:
            Busy: it does not take them now.
            Refused: it does not take them.
        """

    def close(self) -> None:
        """Give back what is open."""
