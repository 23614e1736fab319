"""Between a suspension or a restoration and what evidence says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nhi_components.core.links import Link
from nhi_components.lifecycle.account import Account, common, recorded
from nhi_components.lifecycle.evidence.about_lease import Kind
from nhi_components.lifecycle.evidence.changes_of_state import (
    Decided,
    Declared,
    EndReached,
    RestorationRecord,
    SuspensionRecord,
    UnrevokedRow,
)
from nhi_components.lifecycle.evidence.contents import LeaseContent
from nhi_components.lifecycle.suspending import RevocationOutcome


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an identity's state.

    Attributes:
        number: counted from 1 over the life of its lease.
        cause: why.
    """

    number: int
    cause: EndReached | Declared | Decided


def suspension_record(
    account: Account, outcome: RevocationOutcome, links: Sequence[Link], change: Change
) -> SuspensionRecord:
    """Say that an identity was suspended, why, and what of it was revoked."""
    unrevoked = tuple(
        UnrevokedRow(system=failure.system, connection=failure.connection, reason=str(failure))
        for failure in outcome.failures
    )
    return SuspensionRecord(
        **common(account, outcome.latencies(links)),
        change=change.number,
        cause=change.cause,
        linked=tuple(recorded(link) for link in links),
        started=outcome.started_at,
        revoked=tuple(recorded(link) for link in outcome.revoked),
        unrevoked=unrevoked,
    )


def restoration_record(account: Account, links: Sequence[Link], change: Change, *, cut_off: bool) -> RestorationRecord:
    """Say that what was suspended, or cut off by a teardown that was not completed, is allowed again."""
    return RestorationRecord(
        **common(account),
        change=change.number,
        cause=change.cause,
        linked=tuple(recorded(link) for link in links),
        after=Kind.CUT_OFF if cut_off else Kind.SUSPENSION,
    )


def tells_suspension(last: LeaseContent | None, outcome: RevocationOutcome, change: Change) -> bool:
    """Tell whether the newest statement of a lease says it already, as after a kill or when a system still fails."""
    if not isinstance(last, SuspensionRecord) or last.change != change.number or outcome.revoked:
        return False
    failed = {(failure.system, failure.connection) for failure in outcome.failures}
    return failed == {(row.system, row.connection) for row in last.unrevoked}
