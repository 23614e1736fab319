"""What the evidence store holds, verified, as a report tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from nhi_components.lifecycle.evidence.audit_events import ABOUT_A_VERDICT, AuditEvent, AuditRecord
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.evidence.parts import Known, Unknown
from nhi_components.lifecycle.evidence.reader import Reading, in_order
from nhi_components.lifecycle.evidence.statement import Predicate
from nhi_components.lifecycle.evidence.verify import verify
from nhi_components.lifecycle.reporting.content import EvidenceFound, LeaseEvidence, Soundness, Statement, Told


def evidence_of(store: DirectoryStore) -> EvidenceFound:
    """Verify a store with the keys that it has pinned, without asking its anchor, and tell what it holds.

    Args:
        store: where the evidence is; files are told by their place in it.

    Raises:
        EvidenceError: it cannot be read at all.
    """
    report = verify(store, None, None)
    root = f"{store.directory}/"
    if report.empty:
        return EvidenceFound()
    by_predicate = {id(reading.predicate): reading for reading in report.readings if reading.predicate}
    ordered = in_order(reading.predicate for reading in by_predicate.values() if reading.predicate)
    leases = (
        LeaseEvidence(each.lease_id, each.identity, each.environment, each.state, each.at, each.unchecked)
        for each in report.leases
    )
    return EvidenceFound(
        soundness=Soundness.SOUND if report.ok else Soundness.FLAWED,
        statements=tuple(_statement(each, by_predicate[id(each)], root) for each in ordered),
        leases=tuple(sorted(leases, key=lambda each: (each.at, each.lease))),
        problems=tuple(str(flaw).replace(root, "") for flaw in report.flaws),
        notes=report.notes,
        refused=sum(reading.predicate is None for reading in report.readings),
    )


def _statement(predicate: Predicate, reading: Reading, root: str) -> Statement:
    content = predicate.content
    where = (predicate.kind.value, predicate.recorded_at, reading.stored.path.removeprefix(root), reading.digest)
    signer = predicate.signed_with.key_class.value
    if isinstance(content, AuditRecord):
        counts = Counter(event.type.value for event in content.events)
        return Statement(*where, signer, counts=dict(sorted(counts.items())), events=tuple(_events(content)))
    lease = content.lease
    return Statement(*where, signer, lease.lease_id, lease.identity, lease.environment, len(content.links))


def _events(record: AuditRecord) -> Iterator[Told]:
    """Yield events but verdicts, of which the inventory keeps the history itself."""
    yield from (_told(event) for event in record.events if event.type not in ABOUT_A_VERDICT)


def _told(event: AuditEvent) -> Told:
    key = event.identity.key if event.identity else None
    return Told(event.type, event.at, key, event.outcome, _said(event.actor), _said(event.reason))


def _said(stated: Known | Unknown) -> str:
    return stated.value if isinstance(stated, Known) else ""
