"""Events of made-up identities, and chains of them, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nhi_components.core.inventory.records import FoundIdentity
from nhi_components.core.links import System
from nhi_components.lifecycle.audit.recording import AuditLog
from nhi_components.lifecycle.audit.trail import Outgoing
from nhi_components.lifecycle.evidence.audit_events import (
    ABOUT_A_VERDICT,
    ABOUT_NO_IDENTITY,
    ApprovalRow,
    AuditedIdentity,
    AuditEvent,
    EventType,
    PrivilegeRow,
    RemovalRow,
    RemovedRow,
    StageRow,
    details_of,
)
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.evidence.local_signer import LocalSigner
from nhi_components.lifecycle.evidence.parts import stated
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def found(number: int = 1, kind: str = "iam-user") -> FoundIdentity:
    key = f"arn:aws:iam::123456789012:user/batch-{number}"
    return FoundIdentity(key, System.AWS, "123456789012", kind, f"batch-{number}", f"AIDAEXAMPLE{number}")


def removal() -> RemovalRow:
    approval = ApprovalRow(stage="noticed", approver=stated("Ada", ""), reason=stated("unused", ""), at=NOW)
    return RemovalRow(
        systems=(System.AWS,),
        privileges=(PrivilegeRow(privilege="s3:GetObject", target="arn:aws:s3:::orders/*", via="inline policy"),),
        approvals=(approval,),
        stages=(StageRow(stage="noticed", at=NOW), StageRow(stage="removed", at=NOW + timedelta(days=14))),
        removed=(RemovedRow(system=System.AWS, kind="iam-access-key", name="AKIAEXAMPLE1"),),
    )


def event(kind: EventType = EventType.IDENTITY_DISABLED, number: int = 1, **more: Any) -> AuditEvent:
    fields: dict[str, Any] = {
        "type": kind,
        "at": NOW + timedelta(seconds=number),
        "actor": stated("ci-operator", ""),
        "approver": stated("Ada Example", ""),
        "reason": stated("OPS-7: unused for a year", ""),
        "identity": None if kind in ABOUT_NO_IDENTITY else AuditedIdentity.of(found(number)),
        "verdict": "unused" if kind in ABOUT_A_VERDICT else None,
        "removal": removal() if kind is EventType.IDENTITY_REMOVED else None,
        "detail": details_of({"number": number}),
    }
    return AuditEvent(**(fields | more))


def recorder(directory: Path) -> EvidenceRecorder:
    seconds = iter(range(1, 1_000_000))
    signer = LocalSigner(directory / "keys" / "evidence-ed25519.pem")
    return EvidenceRecorder(DirectoryStore(directory), signer, None, lambda: NOW + timedelta(seconds=next(seconds)))


def chain(directory: Path, sizes: Sequence[int]) -> DirectoryStore:
    """Write a chain whose statements hold so many events; their numbers go on from statement to statement."""
    log, number = AuditLog(recorder(directory)), 0
    for size in sizes:
        log.record(*(event(EventType.VERDICT_FOUND, number + each) for each in range(1, size + 1)))
        number += size
    return DirectoryStore(directory)


def numbers(outgoing: Sequence[Outgoing]) -> list[int]:
    """The numbers of events that `chain` has made."""
    return [int(each.event["unmapped"]["detail"]["number"]) for each in outgoing]


def uids(events: Sequence[dict[str, Any]]) -> list[str]:
    return [each["metadata"]["uid"] for each in events]
