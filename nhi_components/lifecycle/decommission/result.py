"""What became of an identity in one run of decommissioning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nhi_components.lifecycle.decommission.case import Case
from nhi_components.lifecycle.decommission.ports import Target


class Outcome(StrEnum):
    """What became of an identity in one run."""

    PLANNED = "planned"
    DECIDED = "decided"
    """It is managed: the decision stands in its stack's configuration, and `pulumi up` carries it out."""
    NOTICED = "noticed"
    DISABLED = "disabled"
    REMOVED = "removed"
    RESTORED = "restored"
    GONE = "gone"
    REFUSED = "refused"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def is_well(self) -> bool:
        """Whether nobody has to look after it."""
        return self not in (Outcome.REFUSED, Outcome.STOPPED, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an identity.

    Attributes:
        target: which.
        outcome: what.
        case: its case as it stands; None when there is none.
        detail: why, or what comes next, for people.
        until: when something is to be done next; None for never.
    """

    target: Target
    outcome: Outcome
    case: Case | None = None
    detail: str = ""
    until: datetime | None = None
