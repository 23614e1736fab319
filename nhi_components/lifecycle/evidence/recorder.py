"""The facade through which a lease's suspensions, restorations and end are recorded, and other identities' events."""

from __future__ import annotations

from dataclasses import dataclass

from nhi_components.core.errors import EvidenceError, Problem
from nhi_components.core.links import Link
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.evidence.anchor import Anchor, AnchoredHead, compare
from nhi_components.lifecycle.evidence.audit_events import AuditRecord
from nhi_components.lifecycle.evidence.changes_of_state import ChangeOfState, RestorationRecord, SuspensionRecord
from nhi_components.lifecycle.evidence.completeness import incompleteness
from nhi_components.lifecycle.evidence.contents import (
    Content,
    CutOffRecord,
    IncompleteRecord,
    LeaseContent,
    TeardownRecord,
)
from nhi_components.lifecycle.evidence.envelope import open_sealed, seal
from nhi_components.lifecycle.evidence.flaws import EvidenceRefused, Flaw, FlawCode
from nhi_components.lifecycle.evidence.reader import by_fingerprint, read, statements_of
from nhi_components.lifecycle.evidence.rotations import RotationRecord
from nhi_components.lifecycle.evidence.signer import EvidenceSigner
from nhi_components.lifecycle.evidence.statement import (
    ChainPosition,
    Predicate,
    SigningKey,
    Tool,
    encode,
    stepped_back,
)
from nhi_components.lifecycle.evidence.store import ChainWriter, EvidenceStore, Head

_PROBE = b"nhi-components: can this key sign evidence?"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was written.

    Attributes:
        head: the chain's end, which is the new envelope.
        path: where the envelope is.
        anchored: the anchor that now has this head; None without one.
    """

    head: Head
    path: str
    anchored: str | None


@dataclass(frozen=True, slots=True)
class Anchored:
    """What an anchor has.

    Attributes:
        anchor: its name.
        before: the head that it had; None when it had none of this chain.
        head: the head that it has now.
    """

    anchor: str
    before: Head | None
    head: Head


class EvidenceRecorder:
    """Signs what it is told, chains it, anchors it. Every failure is an `EvidenceError`, and nothing is half-said."""

    def __init__(self, store: EvidenceStore, signer: EvidenceSigner, anchor: Anchor | None, clock: Clock) -> None:
        self._store = store
        self._signer = signer
        self._anchor = anchor
        self._clock = clock

    def ensure_ready(self) -> None:
        """Prove that evidence could be signed, written and anchored now; called before anything is removed.

        Pins the signer's key when the store trusts none yet, and catches up with an anchor that a kill left behind.

        Raises:
            EvidenceError: with what is in the way.
        """
        self._prove_signature()
        self._store.ensure_writable()
        self._require_trust()
        with self._store.writing() as chain:
            anchored = self._reconcile(chain, self._newest(chain))
            if self._anchor:
                self._anchor.advance(anchored, chain.head)

    def record_cut_off(self, content: CutOffRecord) -> Receipt:
        """Record that the principal is disabled and its sessions are refused."""
        return self._record(content)

    def record_teardown(self, content: TeardownRecord) -> Receipt:
        """Record that everything is confirmed gone.

        Raises:
            EvidenceRefused: the teardown does not account for everything that the ledger and the lease's earlier
                evidence name.
        """
        lease_id = content.lease.lease_id
        earlier = self._contents(lease_id)
        if flaws := incompleteness(content, earlier, f"teardown of {lease_id}"):
            raise EvidenceRefused("a teardown that cannot be recorded as complete", flaws)
        return self._record(content)

    def record_incomplete(self, content: IncompleteRecord) -> Receipt:
        """Record that the deadline passed and what is still alive."""
        return self._record(content)

    def record_change(self, content: SuspensionRecord | RestorationRecord) -> Receipt:
        """Record that an identity was suspended or restored."""
        return self._record(content)

    def record_rotation(self, content: RotationRecord) -> Receipt:
        """Record that a credential was issued, rotated or revoked."""
        return self._record(content)

    def record_audit(self, content: AuditRecord) -> Receipt:
        """Record events about identities without a lease."""
        return self._record(content)

    def anchor_head(self) -> Anchored | None:
        """Anchor the chain's head as it is now; None without an anchor.

        Raises:
            EvidenceError: the anchor cannot be reached, or does not agree with the chain.
        """
        if self._anchor is None:
            return None
        with self._store.writing() as chain:
            before = self._reconcile(chain, self._newest(chain))
            if before is None or before.head != chain.head:
                self._anchor.advance(before, chain.head)
            return Anchored(self._anchor.name, before.head if before else None, chain.head)

    def last_rotation(self, lease_id: str) -> RotationRecord | None:
        """The newest statement about a lease's credential in this store."""
        contents = self._contents(lease_id)
        return next((content for content in reversed(contents) if isinstance(content, RotationRecord)), None)

    def last(self, lease_id: str) -> LeaseContent | None:
        """What the newest statement about a lease's access in this store says; rotations end and restore none."""
        about_access = (each for each in reversed(self._contents(lease_id)) if not isinstance(each, RotationRecord))
        return next(about_access, None)

    def last_cut_off(self, lease_id: str) -> CutOffRecord | None:
        """The newest cut-off of a lease in this store, from which a killed teardown goes on."""
        contents = self._contents(lease_id)
        return next((content for content in reversed(contents) if isinstance(content, CutOffRecord)), None)

    def links_of(self, lease_id: str) -> list[Link]:
        """Everything that this store's evidence of its end ever named as belonging to a lease."""
        ends = [
            content for content in self._contents(lease_id) if not isinstance(content, ChangeOfState | RotationRecord)
        ]
        return [link.to_link() for content in ends for link in content.links]

    def cut_offs_under_way(self, lease_id: str) -> list[CutOffRecord]:
        """The cut-offs of a teardown that is not completed, the oldest first; none after access was given back."""
        under_way: list[CutOffRecord] = []
        for content in reversed(self._contents(lease_id)):
            if isinstance(content, RotationRecord):
                continue
            if not isinstance(content, CutOffRecord | IncompleteRecord):
                break
            if isinstance(content, CutOffRecord):
                under_way.insert(0, content)
        return under_way

    def _record(self, content: Content) -> Receipt:
        self._require_trust()
        with self._store.writing() as chain:
            newest = self._newest(chain)
            anchored = self._reconcile(chain, newest)
            stored = chain.append(self._sealed(content, chain.head, newest))
            if self._anchor:
                self._anchor.advance(anchored, chain.head)
            return Receipt(chain.head, stored.path, self._anchor.name if self._anchor else None)

    def _sealed(self, content: Content, head: Head, newest: Predicate | None) -> bytes:
        now = self._clock()
        predicate = Predicate(
            chain=ChainPosition(
                chain_id=head.chain_id,
                sequence=head.sequence + 1,
                previous_digest=head.digest,
                anchor=self._anchor.name if self._anchor else None,
                clock_stepped_back=stepped_back(newest.recorded_at if newest else None, now),
            ),
            recorded_at=now,
            signed_with=SigningKey(fingerprint=self._signer.key.fingerprint, key_class=self._signer.key_class),
            tool=Tool(),
            content=content,
        )
        return self._proved(seal(encode(predicate), self._signer))

    def _proved(self, sealed: bytes) -> bytes:
        """Open what was just sealed: a signer that signs wrongly is found out before its envelope is kept."""
        open_sealed(sealed, by_fingerprint([self._signer.key]), "the envelope just signed")
        return sealed

    def _prove_signature(self) -> None:
        self._proved(seal(_PROBE, self._signer))

    def _require_trust(self) -> None:
        key = self._signer.key
        trusted = by_fingerprint(self._store.pinned_keys())
        if not trusted:
            self._store.pin(key)
        elif key.fingerprint not in trusted:
            fix = "restore the key; if it was changed on purpose, put the new public key into the store's `trusted/`"
            expected = f"a key that is pinned: {', '.join(sorted(trusted))}"
            raise EvidenceError(str(Problem("signer of evidence", f"key {key.fingerprint}", expected, fix)))

    def _newest(self, chain: ChainWriter) -> Predicate | None:
        stored = chain.newest
        if stored is None:
            return None
        reading = read(stored, by_fingerprint(self._store.pinned_keys()))
        if reading.predicate is None:
            raise EvidenceRefused("the newest evidence cannot be trusted, so none is added to it", reading.flaws)
        return reading.predicate

    def _reconcile(self, chain: ChainWriter, newest: Predicate | None) -> AnchoredHead | None:
        """Read the anchor and make sure that it speaks of this chain."""
        if self._anchor is None:
            return None
        anchored = self._anchor.read(chain.head.chain_id)
        if anchored:
            flaw = compare(anchored.head, chain.at(anchored.head.sequence), self._anchor.name)
        else:
            flaw = _forgotten(newest, self._anchor.name)
        if flaw:
            raise EvidenceRefused("the anchor and the evidence do not agree", [flaw])
        return anchored

    def _contents(self, lease_id: str) -> list[LeaseContent]:
        """What a lease's statements say, in the order of their writing."""
        trusted = by_fingerprint(self._store.pinned_keys())
        contents = (statement.content for statement in statements_of(self._store, trusted, lease_id))
        return [content for content in contents if not isinstance(content, AuditRecord)]


def _forgotten(newest: Predicate | None, anchor: str) -> Flaw | None:
    if newest is None or newest.chain.anchor != anchor:
        return None
    fix = "find out who removed the anchor's entry; begin a new chain by moving `own-chain` away"
    place = f"chain {newest.chain.chain_id}"
    return Flaw(FlawCode.ANCHOR, place, f"no entry in {anchor}", "the entry that was made with the last statement", fix)
