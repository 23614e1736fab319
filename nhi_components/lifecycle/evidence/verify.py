"""Judging stored evidence: signatures, chain, anchor and completeness; all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nhi_components.lifecycle.evidence.about_lease import Kind
from nhi_components.lifecycle.evidence.anchor import Anchor, AnchoredHead
from nhi_components.lifecycle.evidence.audit_events import AuditRecord
from nhi_components.lifecycle.evidence.chain_check import Anchoring, ChainCheck, check_chain
from nhi_components.lifecycle.evidence.completeness import incompleteness, unchecked_facts
from nhi_components.lifecycle.evidence.contents import LeaseContent, TeardownRecord
from nhi_components.lifecycle.evidence.flaws import Flaw, FlawCode
from nhi_components.lifecycle.evidence.keys import VerifyingKey
from nhi_components.lifecycle.evidence.reader import Reading, by_fingerprint, in_order, read
from nhi_components.lifecycle.evidence.revocations import RevocationRow
from nhi_components.lifecycle.evidence.signer import KeyClass
from nhi_components.lifecycle.evidence.statement import Predicate
from nhi_components.lifecycle.evidence.store import EvidenceStore

_STATES = {
    Kind.TEARDOWN: "closed",
    Kind.CUT_OFF: "cut off, not closed",
    Kind.TEARDOWN_INCOMPLETE: "still alive at the deadline",
    Kind.SUSPENSION: "suspended",
    Kind.RESTORATION: "restored",
    Kind.ROTATION: "credential issued or rotated",
}
"""What the newest statement about a lease says of it."""


@dataclass(frozen=True, slots=True)
class ChainSummary:
    """One chain, as the report tells it."""

    chain_id: str
    statements: int
    head_digest: str
    anchoring: Anchoring


@dataclass(frozen=True, slots=True)
class LeaseSummary:
    """One lease, as its trusted evidence tells it.

    Attributes:
        state: what the newest statement says.
        at: when that was recorded.
        unchecked: facts that its last teardown says were not checked, with the reasons.
        revocations: how fast each of its revocations was, by system and connection; a resumed one is told once.
    """

    lease_id: str
    identity: str
    environment: str
    state: str
    at: datetime
    statements: int
    unchecked: tuple[str, ...]
    revocations: tuple[RevocationRow, ...] = ()


@dataclass(frozen=True, slots=True)
class _AboutLease:
    predicate: Predicate
    content: LeaseContent


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What verification found.

    Attributes:
        chains: every chain of the store.
        leases: every lease that trusted evidence speaks of.
        readings: every envelope, read.
        trusted: the fingerprints of the keys that were accepted.
        pinned_on_first_use: whether those are the store's own pins rather than keys that were given.
        flaws: everything that is wrong.
        notes: what is not wrong but limits what is proved.
    """

    chains: tuple[ChainSummary, ...]
    leases: tuple[LeaseSummary, ...]
    readings: tuple[Reading, ...]
    trusted: tuple[str, ...]
    pinned_on_first_use: bool
    flaws: tuple[Flaw, ...]
    notes: tuple[str, ...]

    @property
    def events(self) -> int:
        """How many events about identities without a lease trusted evidence tells."""
        contents = (reading.predicate.content for reading in self.readings if reading.predicate)
        return sum(len(content.events) for content in contents if isinstance(content, AuditRecord))

    @property
    def empty(self) -> bool:
        """Nothing was found, which proves nothing."""
        return not self.readings and not self.flaws

    @property
    def ok(self) -> bool:
        """There is evidence, and nothing is wrong with it."""
        return bool(self.readings) and not self.flaws


def verify(
    store: EvidenceStore, trusted_keys: Sequence[VerifyingKey] | None, anchor: Anchor | None
) -> VerificationReport:
    """Judge all evidence of a store.

    Args:
        store: where it is.
        trusted_keys: the only keys to accept; None for those that the store pinned on first use.
        anchor: where the chains' heads are anchored; None leaves the removal of the newest statements undetected.

    Raises:
        EvidenceError: the store or the anchor cannot be read at all.
    """
    pinned = trusted_keys is None
    trusted = by_fingerprint(store.pinned_keys() if trusted_keys is None else trusted_keys)
    heads = anchor.heads() if anchor else {}
    name = anchor.name if anchor else None
    checks = [
        check_chain(store, chain_id, [read(e, trusted) for e in store.envelopes(chain_id)], name, heads.get(chain_id))
        for chain_id in store.chain_ids()
    ]
    readings = tuple(reading for check in checks for reading in check.readings)
    flaws = [flaw for check in checks for flaw in check.flaws]
    flaws += _untrusted(readings, trusted) + _elsewhere(checks, heads, name)
    paths = {id(reading.predicate): reading.stored.path for reading in readings if reading.predicate}
    leases, lease_flaws = _judge_leases([r.predicate for r in readings if r.predicate], paths)
    notes = [note for check in checks if check.readings for note in check.notes]
    return VerificationReport(
        chains=tuple(_summary(check) for check in checks if check.readings),
        leases=tuple(leases),
        readings=readings,
        trusted=tuple(sorted(trusted)),
        pinned_on_first_use=pinned,
        flaws=(*flaws, *lease_flaws),
        notes=(*notes, *_trust_notes(readings, pinned)),
    )


def _summary(check: ChainCheck) -> ChainSummary:
    return ChainSummary(check.head.chain_id, len(check.readings), check.head.digest, check.anchoring)


def _untrusted(readings: Sequence[Reading], trusted: Mapping[str, VerifyingKey]) -> list[Flaw]:
    if not readings or trusted:
        return []
    fix = "give the signer's public key with --trusted-key, or restore `trusted/`"
    return [Flaw(FlawCode.NO_TRUSTED_KEY, "trusted keys", "none", "at least one key to check signatures with", fix)]


def _elsewhere(checks: Sequence[ChainCheck], heads: Mapping[str, AnchoredHead], anchor: str | None) -> list[Flaw]:
    here = {check.head.chain_id for check in checks}
    fix = "copy that machine's folder `chains/<id>` here, or give each machine an anchor path of its own"
    return [
        Flaw(
            FlawCode.TRUNCATED,
            f"chain {chain_id}",
            "no such chain here",
            f"{anchored.head.sequence} statements, as {anchor} has it",
            fix,
        )
        for chain_id, anchored in sorted(heads.items())
        if chain_id not in here and anchored.head.sequence
    ]


def _judge_leases(predicates: Sequence[Predicate], paths: Mapping[int, str]) -> tuple[list[LeaseSummary], list[Flaw]]:
    by_lease: dict[str, list[_AboutLease]] = {}
    for predicate in in_order(predicates):
        if not isinstance(predicate.content, AuditRecord):
            about = _AboutLease(predicate, predicate.content)
            by_lease.setdefault(about.content.lease.lease_id, []).append(about)
    flaws = [
        flaw
        for statements in by_lease.values()
        for index, about in enumerate(statements)
        if isinstance(about.content, TeardownRecord)
        for flaw in incompleteness(about.content, [s.content for s in statements[:index]], paths[id(about.predicate)])
    ]
    return [_lease_summary(statements) for statements in by_lease.values()], flaws


def _lease_summary(statements: Sequence[_AboutLease]) -> LeaseSummary:
    newest = statements[-1].predicate
    lease = statements[-1].content.lease
    teardowns = [s.content for s in statements if isinstance(s.content, TeardownRecord)]
    return LeaseSummary(
        lease_id=lease.lease_id,
        identity=lease.identity,
        environment=lease.environment,
        state=_STATES[newest.kind],
        at=newest.recorded_at,
        statements=len(statements),
        unchecked=tuple(unchecked_facts(teardowns[-1])) if teardowns else (),
        revocations=revocations_of(statement.content for statement in statements),
    )


def revocations_of(contents: Iterable[LeaseContent]) -> tuple[RevocationRow, ...]:
    """Tell what statements of a lease, in their order, say last of each revocation that was begun."""
    rows = [row for content in contents for row in content.revocations]
    return tuple({(row.system, row.connection, row.started): row for row in rows}.values())


def _trust_notes(readings: Sequence[Reading], pinned: bool) -> list[str]:
    notes = []
    if pinned and readings:
        notes.append(
            "the keys were pinned on first use by this store; give --trusted-key for a key known from elsewhere"
        )
    if any(r.predicate and r.predicate.signed_with.key_class is KeyClass.LOCAL for r in readings):
        notes.append(
            "signed by a key file of the machine that wrote it: whoever could read that file could have written it"
        )
    return notes
