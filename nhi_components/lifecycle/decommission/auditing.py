"""Stages of cases as events of the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from nhi_components.core.links import System
from nhi_components.lifecycle.decommission.case import Stage
from nhi_components.lifecycle.decommission.records import RemovalRecord, StageEvent
from nhi_components.lifecycle.evidence.audit_events import (
    MOST_PRIVILEGES,
    ApprovalRow,
    AuditedIdentity,
    AuditEvent,
    EventType,
    Outcome,
    PrivilegeRow,
    RemovalRow,
    RemovedRow,
    StageRow,
    details_of,
)
from nhi_components.lifecycle.evidence.parts import Known, Unknown, stated

_TYPES: Final[Mapping[Stage, EventType]] = MappingProxyType(
    {
        Stage.NOTICED: EventType.IDENTITY_NOTICED,
        Stage.REFUSED: EventType.IDENTITY_NOTICED,
        Stage.DISABLED: EventType.IDENTITY_DISABLED,
        Stage.RESTORED: EventType.IDENTITY_RESTORED,
        Stage.REMOVED: EventType.IDENTITY_REMOVED,
    }
)
"""The stages that are told; of the others, which only say that something was begun, the dates stand in the record."""
_NOBODY: Final = "nobody was named"
_NO_REASON: Final = "none was given"


def audit_event(event: StageEvent, actor: Known | Unknown) -> AuditEvent | None:
    """Write an event for the audit trail; None for a stage that only says that something was begun.

    Args:
        event: the stage.
        actor: who ran the command.
    """
    case, noted = event.case, event.noted
    if noted.stage not in _TYPES:
        return None
    facts = {
        "noticeUntil": case.notice_until.isoformat(),
        "graceUntil": case.grace_until.isoformat() if case.grace_until else None,
        "detail": noted.detail,
    }
    return AuditEvent(
        type=_TYPES[noted.stage],
        at=noted.at,
        identity=AuditedIdentity.of(case.target),
        actor=actor,
        approver=stated(noted.approver, _NOBODY),
        reason=stated(noted.reason, _NO_REASON),
        outcome=Outcome.FAILURE if noted.stage is Stage.REFUSED else Outcome.SUCCESS,
        id=event.id,
        case=case.id,
        removal=_removal(event.record, case.target.system) if event.record else None,
        detail=details_of(facts),
    )


def _removal(record: RemovalRecord, system: System) -> RemovalRow:
    held = record.privileges[:MOST_PRIVILEGES]
    return RemovalRow(
        systems=(system,),
        privileges=tuple(
            PrivilegeRow(
                privilege=each.privilege,
                target=each.target or "*",
                denied=each.denied,
                condition=each.condition or None,
                via=each.holder,
            )
            for each in held
        ),
        privileges_left_out=len(record.privileges) - len(held),
        approvals=tuple(
            ApprovalRow(
                stage=each.stage,
                approver=stated(each.approver, _NOBODY),
                reason=stated(each.reason, _NO_REASON),
                at=each.at,
            )
            for each in record.approvals
        ),
        stages=tuple(StageRow(stage=stage, at=at) for stage, at in record.dates.items()),
        removed=tuple(
            RemovedRow(system=system, kind=each.kind, name=each.name, recoverable_until=each.recoverable_until)
            for each in record.removed
        ),
    )
