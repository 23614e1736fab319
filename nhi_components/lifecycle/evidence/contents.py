"""What evidence says: of a lease, from its cut-off to its rotations, and of events about identities without a lease."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field

from nhi_components.core.links import LinkKind, RemovalFacts, System
from nhi_components.core.model import wrong
from nhi_components.lifecycle.evidence.about_lease import AboutLease, Kind
from nhi_components.lifecycle.evidence.audit_events import AuditRecord
from nhi_components.lifecycle.evidence.changes_of_state import RestorationRecord, SuspensionRecord
from nhi_components.lifecycle.evidence.parts import (
    At,
    FactRecord,
    LinkRecord,
    NeverMade,
    Record,
    Seconds,
    UtcTime,
    distinct,
    fact_record,
)
from nhi_components.lifecycle.evidence.rotations import RotationRecord
from nhi_components.lifecycle.evidence.text import Identifier, Prose
from nhi_components.lifecycle.ports import CutOff


def _confirmed(fact: FactRecord) -> FactRecord:
    if not isinstance(fact, At | NeverMade):
        raise wrong(
            got=f"absent_at is {fact.state}",
            expected="the time when it was confirmed absent, or never-created",
            fix="record the teardown as incomplete until the system has confirmed that it is gone",
        )
    return fact


class CutOffRow(Record):
    """What cutting one linked resource off did; see `nhi_components.lifecycle.ports.CutOff`."""

    link: LinkRecord
    disabled_at: FactRecord
    sessions_refused_at: FactRecord
    canary_opened_at: UtcTime | None
    without_canary: Prose | None
    found_out_of_band: bool

    @classmethod
    def of(cls, cut_off: CutOff) -> list[Self]:
        """Write it down, with a row of its own for each thing that hung on it and that no program made."""
        row = cls(
            link=LinkRecord.of(cut_off.link),
            disabled_at=fact_record(cut_off.disabled_at),
            sessions_refused_at=fact_record(cut_off.sessions_refused_at),
            canary_opened_at=cut_off.canary.opened_at if cut_off.canary else None,
            without_canary=cut_off.without_canary or None,
            found_out_of_band=False,
        )
        extra = {"canary_opened_at": None, "without_canary": None, "found_out_of_band": True}
        return [row, *(row.model_copy(update={"link": LinkRecord.of(link), **extra}) for link in cut_off.extras)]


class RemovalRow(Record):
    """The five facts of one removal; see `nhi_components.core.links.RemovalFacts`."""

    link: LinkRecord
    disabled_at: FactRecord
    absent_at: FactRecord
    refused_at: FactRecord
    recoverable_until: FactRecord
    sessions_possible_until: FactRecord

    @classmethod
    def of(cls, facts: RemovalFacts) -> Self:
        """Write the five facts down."""
        return cls(
            link=LinkRecord.of(facts.link),
            disabled_at=fact_record(facts.disabled_at),
            absent_at=fact_record(facts.absent_at),
            refused_at=fact_record(facts.refused_at),
            recoverable_until=fact_record(facts.recoverable_until),
            sessions_possible_until=fact_record(facts.sessions_possible_until),
        )


class ConfirmedRow(RemovalRow):
    """The five facts of a removal that was confirmed: absent at a time, or never created."""

    absent_at: Annotated[FactRecord, AfterValidator(_confirmed)]


class AliveRow(Record):
    """Something still alive at the deadline.

    Attributes:
        where: account and region, or Vault's address and mount.
        since: since when it should have been gone.
        detail: what keeps it alive, as the system tells it.
    """

    link: LinkRecord
    where: Prose
    since: UtcTime
    detail: Prose | None = None


class SweptRow(Record):
    """A leftover that was proved ours and deleted."""

    link: LinkRecord
    swept_at: UtcTime
    detail: Prose | None = None


class UnseenRow(Record):
    """What the connection's rights did not let the surveys look for, so that nothing is said of it."""

    system: System
    connection: Identifier
    kind: LinkKind
    reason: Prose


class Phase(Record):
    """One part of the operation and how long it took, by a clock that cannot be set."""

    name: Identifier
    seconds: Seconds


class Operation(Record):
    """The engine operation that ended the lease; the times are the machine's, the durations a monotonic clock's."""

    started: UtcTime
    ended: UtcTime
    seconds: Seconds
    phases: tuple[Phase, ...] = ()


class WaitedFigure(Record):
    """A figure of residue that the teardown waited for.

    Attributes:
        figure: its id in the table of residues.
        documented_seconds: what the vendor documents; None for 'no figure documented'.
        deadline_seconds: how long the teardown was ready to wait.
        waited_seconds: how long it did wait.
        source: where the figure comes from.
    """

    system: System
    figure: Identifier
    documented_seconds: Seconds | None
    deadline_seconds: Seconds
    waited_seconds: Seconds
    source: Prose


class CutOffRecord(AboutLease):
    """The principal was disabled and its sessions are refused; written before anything is deleted.

    Attributes:
        rows: what was cut off, and what hung on it that no program made.
        linked: everything that was linked, with the unique ids that tell it from a namesake.
    """

    kind: Literal[Kind.CUT_OFF] = Kind.CUT_OFF
    started: UtcTime
    rows: tuple[CutOffRow, ...]
    linked: tuple[LinkRecord, ...] = ()

    @property
    def links(self) -> tuple[LinkRecord, ...]:
        """Everything that was seen to belong to the lease."""
        return distinct([*(row.link for row in self.rows), *self.linked])


class TeardownRecord(AboutLease):
    """Everything that belonged to the lease is confirmed gone.

    Attributes:
        ledger: everything that was ever linked, as the lease remembers it.
        removals: the five facts of each.
        swept: leftovers that had to be deleted after the engine's own deletes.
        unseen: what could not be looked for, and why.
        waited: the figures of residue that were waited for.
    """

    kind: Literal[Kind.TEARDOWN] = Kind.TEARDOWN
    operation: Operation
    ledger: tuple[LinkRecord, ...]
    removals: tuple[ConfirmedRow, ...]
    swept: tuple[SweptRow, ...] = ()
    unseen: tuple[UnseenRow, ...] = ()
    waited: tuple[WaitedFigure, ...] = ()

    @property
    def links(self) -> tuple[LinkRecord, ...]:
        """Everything that was removed."""
        return tuple(row.link for row in self.removals)


class IncompleteRecord(AboutLease):
    """The deadline passed and something is still alive; the lease is kept.

    Attributes:
        deadline: when waiting ended.
        alive: what is still alive, where, since when.
        removals: the five facts of all that was linked, as far as they are known.
    """

    kind: Literal[Kind.TEARDOWN_INCOMPLETE] = Kind.TEARDOWN_INCOMPLETE
    operation: Operation
    deadline: UtcTime
    alive: Annotated[tuple[AliveRow, ...], Field(min_length=1)]
    ledger: tuple[LinkRecord, ...]
    removals: tuple[RemovalRow, ...] = ()
    swept: tuple[SweptRow, ...] = ()
    unseen: tuple[UnseenRow, ...] = ()
    waited: tuple[WaitedFigure, ...] = ()

    @property
    def links(self) -> tuple[LinkRecord, ...]:
        """Everything that the lease still answers for."""
        return distinct([*self.ledger, *(row.link for row in self.removals), *(row.link for row in self.alive)])


LeaseContent = CutOffRecord | TeardownRecord | IncompleteRecord | SuspensionRecord | RestorationRecord | RotationRecord
"""What one statement says of a lease."""

Content = Annotated[LeaseContent | AuditRecord, Field(discriminator="kind")]
"""What one statement says."""
