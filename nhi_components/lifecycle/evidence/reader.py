"""Reading stored envelopes back with trusted keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from nhi_components.lifecycle.evidence.canonical import sha256_hex
from nhi_components.lifecycle.evidence.envelope import open_sealed
from nhi_components.lifecycle.evidence.flaws import RESTORE, EvidenceRefused, Flaw, FlawCode
from nhi_components.lifecycle.evidence.keys import VerifyingKey
from nhi_components.lifecycle.evidence.statement import Predicate, decode
from nhi_components.lifecycle.evidence.store import EvidenceStore, StoredEnvelope


@dataclass(frozen=True, slots=True)
class Reading:
    """One stored envelope, read.

    Attributes:
        stored: the envelope.
        digest: SHA-256 of its bytes.
        predicate: what it says; None when it is refused.
        flaws: why it is refused.
    """

    stored: StoredEnvelope
    digest: str
    predicate: Predicate | None
    flaws: tuple[Flaw, ...] = ()


def by_fingerprint(keys: Iterable[VerifyingKey]) -> dict[str, VerifyingKey]:
    """The keys by their fingerprints."""
    return {key.fingerprint: key for key in keys}


def read(stored: StoredEnvelope, trusted: Mapping[str, VerifyingKey]) -> Reading:
    """Open one envelope; what is wrong with it comes back as flaws."""
    digest = sha256_hex(stored.data)
    try:
        payload, fingerprint = open_sealed(stored.data, trusted, stored.path)
        predicate = decode(payload, stored.path)
    except EvidenceRefused as refused:
        return Reading(stored, digest, None, refused.flaws)
    if predicate.signed_with.fingerprint != fingerprint:
        said = predicate.signed_with.fingerprint
        flaw = Flaw(FlawCode.SIGNER, stored.path, f"signed by {fingerprint}", f"signed by {said}, as it says", RESTORE)
        return Reading(stored, digest, None, (flaw,))
    return Reading(stored, digest, predicate)


def statements_of(store: EvidenceStore, trusted: Mapping[str, VerifyingKey], lease_id: str) -> list[Predicate]:
    """A lease's statements in the order of their writing, from all chains.

    Envelopes that are refused are left out: `nhi evidence verify` reports them, and one that was changed long ago must
    not keep another lease from being closed.
    """
    found = (read(stored, trusted).predicate for stored in store.mentioning(lease_id))
    return in_order(predicate for predicate in found if predicate and predicate.lease_id == lease_id)


def in_order(predicates: Iterable[Predicate]) -> list[Predicate]:
    """Order by the time of writing; within a chain its numbers decide, whatever the clock said."""
    latest: dict[str, datetime] = {}
    timed = []
    for predicate in sorted(predicates, key=lambda p: (p.chain.chain_id, p.chain.sequence)):
        chain_id = predicate.chain.chain_id
        latest[chain_id] = max(latest.get(chain_id, predicate.recorded_at), predicate.recorded_at)
        timed.append((latest[chain_id], predicate))
    return [predicate for _, predicate in sorted(timed, key=lambda pair: pair[0])]
