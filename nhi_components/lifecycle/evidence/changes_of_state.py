"""What evidence says of an identity that lives on: it was suspended, and why; it was restored, and by whom."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from nhi_components.core.links import System
from nhi_components.lifecycle.evidence.about_lease import AboutLease, Kind
from nhi_components.lifecycle.evidence.parts import LinkRecord, Record, UtcTime, distinct
from nhi_components.lifecycle.evidence.text import Identifier, Prose


class EndReached(Record):
    """The identity's end date has come.

    Attributes:
        day: the UTC day that it was for the run that suspended it; NHI_AS_OF may have pretended a later one.
    """

    cause: Literal["end-reached"] = "end-reached"
    ends: date
    day: date

    def __str__(self) -> str:
        """Tell it in words."""
        return f"its end {self.ends} had come on {self.day}"


class Declared(Record):
    """The program says so, and nothing else does."""

    cause: Literal["declared"] = "declared"

    def __str__(self) -> str:
        """Tell it in words."""
        return "declared in the program"


class Decided(Record):
    """People decided so about this identity, in the stack's configuration `nhi:life`."""

    cause: Literal["decided"] = "decided"
    approver: Prose
    reason: Prose
    on: date

    def __str__(self) -> str:
        """Tell it in words."""
        return f"decided by {self.approver} on {self.on}: {self.reason}"


Cause = Annotated[EndReached | Declared | Decided, Field(discriminator="cause")]


class UnrevokedRow(Record):
    """A connection through which nothing could be revoked, and why."""

    system: System
    connection: Identifier
    reason: Prose


class ChangeOfState(AboutLease):
    """What suspensions and restorations have in common.

    Attributes:
        change: the number of the change in the life of the lease, counted from 1.
        cause: why.
        linked: what is suspended or restored, with the unique ids that tell it from a namesake.
    """

    change: Annotated[int, Field(ge=1)]
    cause: Cause
    linked: tuple[LinkRecord, ...]


class SuspensionRecord(ChangeOfState):
    """Everything stays and everything is denied.

    Attributes:
        started: when revoking began what had been issued; the denial itself was in force by then.
        revoked: tokens, secret ids, dynamic leases, certificates.
        unrevoked: where that could not be done; the `up` failed, and the next one resumes.
    """

    kind: Literal[Kind.SUSPENSION] = Kind.SUSPENSION
    started: UtcTime
    revoked: tuple[LinkRecord, ...]
    unrevoked: tuple[UnrevokedRow, ...] = ()

    @property
    def links(self) -> tuple[LinkRecord, ...]:
        """What stays, and what was revoked."""
        return distinct([*self.linked, *self.revoked])


class RestorationRecord(ChangeOfState):
    """What was granted is allowed again.

    Attributes:
        after: what had ended access: a suspension, or the cut-off of a teardown that was not completed.
    """

    kind: Literal[Kind.RESTORATION] = Kind.RESTORATION
    after: Literal[Kind.SUSPENSION, Kind.CUT_OFF]

    @property
    def links(self) -> tuple[LinkRecord, ...]:
        """What is allowed again."""
        return self.linked
