"""Puts events about identities into the chain of evidence: signed, chained, anchored like every other statement.

    from nhi_components.cli.auditing import audit_log, operator

    log = audit_log()          # as NHI_EVIDENCE_DIR, _SIGNER, _ANCHOR say; fails when no evidence could be written
    log.record(
        AuditEvent(
            type=EventType.IDENTITY_DISABLED,
            at=now,
            identity=AuditedIdentity.of(target),       # anything with key, unique_id, system, place, kind, name
            actor=operator(os.environ),
            approver=stated(approver, "nobody was named"),
            reason=stated(reason, "none was given"),
            case=case.id,
            id=f"{case.id}/disabled",                  # the same after a resume: so a SIEM sees a repetition
            detail=details_of({"graceUntil": until.isoformat()}),
        )
    )

`record` takes as many events as there are, in their order, and makes one statement of each `MOST_EVENTS` of them. When
it returns, they are durable. An event that is recorded twice, because a run was killed before it had noted that, stands
twice in the chain, with the same `id`. `AuditEvent`, `AuditedIdentity`, `RemovalRow` and `details_of` are in
`lifecycle.evidence.audit_events`, `stated` in `lifecycle.evidence.parts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from nhi_components.lifecycle.evidence.audit_events import MOST_EVENTS, AuditEvent, AuditRecord
from nhi_components.lifecycle.evidence.recorder import Receipt

MOST_BYTES: Final = 1_048_576
"""JSON of the events of one statement, but for a single event that is longer: our own figure."""


class Recorder(Protocol):
    """What the log asks of `lifecycle.evidence.recorder.EvidenceRecorder`."""

    def ensure_ready(self) -> None:
        """Prove that evidence could be signed, written and anchored now."""

    def record_audit(self, content: AuditRecord) -> Receipt:
        """Record events."""


class AuditLog:
    """The chain of evidence, as whoever has events to tell sees it."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def ensure_ready(self) -> None:
        """Prove that events could be recorded now; called before anything is changed.

        Raises:
            EvidenceError: with what is in the way.
        """
        self._recorder.ensure_ready()

    def record(self, *events: AuditEvent) -> None:
        """Record events in their order; none is nothing.

        Raises:
            EvidenceError: they could not be signed, written or anchored; of several statements, the first may be.
        """
        for batch in _batches(events):
            self._recorder.record_audit(AuditRecord(events=batch))


def _batches(events: Iterable[AuditEvent]) -> Iterator[tuple[AuditEvent, ...]]:
    batch: list[AuditEvent] = []
    held = 0
    for event in events:
        size = len(event.model_dump_json())
        if batch and (len(batch) == MOST_EVENTS or held + size > MOST_BYTES):
            yield tuple(batch)
            batch, held = [], 0
        batch.append(event)
        held += size
    if batch:
        yield tuple(batch)
