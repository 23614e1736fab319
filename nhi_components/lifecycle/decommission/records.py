"""What is kept and told of a case for good: an event for each stage, and the record of a removal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from nhi_components.core.model import Spec
from nhi_components.lifecycle.decommission.case import Case, Noted


class RemovedThing(Spec):
    """Something that a delete has removed; see `ports.Removed`."""

    subject: ClassVar[str] = "removed thing"

    kind: str
    name: str
    recoverable_until: datetime | None = None


class HeldPrivilege(Spec):
    """A privilege that the identity held; see `core.inventory.records.FoundGrant`."""

    subject: ClassVar[str] = "held privilege"

    privilege: str
    target: str
    denied: bool = False
    condition: str = ""
    holder: str


class Approved(Spec):
    """Who decided something about the case, and why."""

    subject: ClassVar[str] = "approval"

    stage: str
    at: datetime
    approver: str
    reason: str
    detail: str = ""


class RemovalRecord(Spec):
    """What was removed, why, who approved it, and when each stage was reached; never a credential.

    Attributes:
        case: its id.
        key: the identity's name in the whole organisation.
        unique_id: its system's own id.
        kind: what it was, in its system's words.
        name: how people called it.
        systems: where it lived, each as `SYSTEM/PLACE`.
        owners: who owned it, by all that was said.
        privileges: what it held when the notice was given, by itself and through carriers.
        credentials: the public ids of its credentials then, each as `KIND ID`.
        reason: why it was removed.
        approvals: every decision about it.
        dates: when it reached each stage; of one that it reached again, the last time.
        removed: everything that the delete has removed.
        recoverable_until: until when its system could bring some of it back; None for never.
        detail: such as that somebody else had removed it.
    """

    subject: ClassVar[str] = "removal record"

    case: str
    key: str
    unique_id: str
    kind: str
    name: str
    systems: tuple[str, ...]
    owners: tuple[str, ...]
    privileges: tuple[HeldPrivilege, ...]
    credentials: tuple[str, ...]
    reason: str
    approvals: tuple[Approved, ...]
    dates: dict[str, datetime]
    removed: tuple[RemovedThing, ...]
    recoverable_until: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StageEvent:
    """A case has reached a stage, or somebody has decided something about it.

    Attributes:
        id: `CASE/NUMBER`; the same when it is told again after a kill.
        case: the case as it stands by now.
        noted: what is told.
        record: the removal record, when it is removed.
    """

    id: str
    case: Case
    noted: Noted
    record: RemovalRecord | None


Record = Callable[[StageEvent], None]
"""Tells the audit trail of an event; when it returns, the event is kept. It may be told of one twice."""


def record_of(case: Case, noted: Sequence[Noted], at: datetime, detail: str) -> RemovalRecord:
    """Write the record of a removal.

    Args:
        case: the case, with all that was removed.
        noted: what became of it, in order.
        at: when it was seen to be gone.
        detail: what is to be said of that.
    """
    target, held = case.target, case.held
    removed = tuple(RemovedThing.parse(each) for each in case.removed)
    recoverable = [each.recoverable_until for each in removed if each.recoverable_until is not None]
    return RemovalRecord(
        case=case.id,
        key=target.key,
        unique_id=target.unique_id,
        kind=target.kind,
        name=target.name,
        systems=(f"{target.system}/{target.place}",),
        owners=tuple(held["owners"]),
        privileges=tuple(HeldPrivilege.parse(each) for each in held["privileges"]),
        credentials=tuple(held["credentials"]),
        reason=case.decision.reason,
        approvals=_approvals(noted),
        dates={**{each.stage: each.at for each in noted}, "removed": at},
        removed=removed,
        recoverable_until=max(recoverable, default=None),
        detail=detail,
    )


def record_in(document: Any) -> RemovalRecord | None:
    """Read a record as a case keeps it; None for none."""
    return RemovalRecord.parse(document) if document else None


def _approvals(noted: Sequence[Noted]) -> tuple[Approved, ...]:
    """Tell each decision once, at the stage where it was made."""
    told: dict[tuple[str, str], Approved] = {}
    for each in noted:
        told.setdefault(
            (each.approver, each.reason),
            Approved(stage=each.stage, at=each.at, approver=each.approver, reason=each.reason, detail=each.detail),
        )
    return tuple(told.values())
