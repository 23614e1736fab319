from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from evidence_samples import (
    LEASE,
    OTHER_LEASE,
    Ticking,
    at,
    cut_off,
    envelope_files,
    incomplete,
    open_local,
    removals,
    teardown,
)

from nhi_components.lifecycle.evidence.anchor import AnchoredHead
from nhi_components.lifecycle.evidence.canonical import canonical_json, sha256_hex
from nhi_components.lifecycle.evidence.chain_check import Anchoring
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.evidence.envelope import seal
from nhi_components.lifecycle.evidence.flaws import EvidenceRefused, FlawCode
from nhi_components.lifecycle.evidence.keys import VerifyingKey
from nhi_components.lifecycle.evidence.local_signer import LocalSigner
from nhi_components.lifecycle.evidence.reader import by_fingerprint, read
from nhi_components.lifecycle.evidence.statement import Predicate, encode
from nhi_components.lifecycle.evidence.store import Head
from nhi_components.lifecycle.evidence.verify import VerificationReport, verify


class Shelf:
    """An anchor in memory."""

    name = "vault-kv:kv/heads"

    def __init__(self) -> None:
        self.kept: dict[str, AnchoredHead] = {}

    def heads(self):
        return dict(self.kept)

    def read(self, chain_id):
        return self.kept.get(chain_id)

    def advance(self, anchored, head):
        assert self.kept.get(head.chain_id) == anchored
        self.kept[head.chain_id] = AnchoredHead(head, (anchored.version if anchored else 0) + 1)
        return self.kept[head.chain_id]


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    recorder = open_local(tmp_path)
    recorder.ensure_ready()
    recorder.record_cut_off(cut_off())
    recorder.record_incomplete(incomplete())
    recorder.record_teardown(teardown())
    return tmp_path


def judge(directory: Path, anchor: Shelf | None = None) -> VerificationReport:
    return verify(DirectoryStore(directory), None, anchor)


def codes(report: VerificationReport) -> set[FlawCode]:
    return {flaw.code for flaw in report.flaws}


def note_head(directory: Path) -> None:
    """Make the noted head fit the newest file, as somebody who covers traces would."""
    newest = envelope_files(directory)[-1]
    digest, sequence = sha256_hex(newest.read_bytes()), int(newest.name[:8])
    (newest.parent / "head").write_bytes(canonical_json({"sequence": sequence, "digest": digest}))


def forge(
    directory: Path, index: int, change: Callable[[Predicate], Predicate], signer: LocalSigner | None = None
) -> None:
    """Change a statement and sign it again, by default with the trusted key."""
    signer = signer or LocalSigner(directory / "keys" / "evidence-ed25519.pem")
    store = DirectoryStore(directory)
    (chain_id,) = store.chain_ids()
    predicate = read(store.envelopes(chain_id)[index], by_fingerprint(store.pinned_keys())).predicate
    assert predicate
    envelope_files(directory)[index].write_bytes(seal(encode(change(predicate)), signer))


def test_sound_evidence_is_verified(evidence):
    report = judge(evidence)
    assert report.ok
    assert report.flaws == ()
    (lease,) = report.leases
    assert (lease.lease_id, lease.state, lease.statements) == (LEASE, "closed", 3)
    assert "refused_at not checked: no canary could be opened" in lease.unchecked[0]


def test_without_an_anchor_it_says_so(evidence):
    report = judge(evidence)
    assert report.chains[0].anchoring is Anchoring.NOT_ANCHORED
    assert any("not anchored" in note for note in report.notes)


def test_no_evidence_is_not_fine(tmp_path):
    report = judge(tmp_path)
    assert report.empty
    assert not report.ok


def payload_byte(envelope: bytes) -> bytes:
    fields = json.loads(envelope)
    payload = bytearray(base64.b64decode(fields["payload"]))
    payload[payload.index(b"alice")] ^= 0x20
    return canonical_json(fields | {"payload": base64.b64encode(payload).decode()})


def signature_byte(envelope: bytes) -> bytes:
    fields = json.loads(envelope)
    signature = bytearray(base64.b64decode(fields["signatures"][0]["sig"]))
    signature[10] ^= 1
    fields["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    return canonical_json(fields)


def key_id_byte(envelope: bytes) -> bytes:
    at_digit = envelope.index(b'"keyid":"') + 9
    digit = b"0" if envelope[at_digit : at_digit + 1] != b"0" else b"1"
    return envelope[:at_digit] + digit + envelope[at_digit + 1 :]


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (payload_byte, FlawCode.BAD_SIGNATURE),
        (signature_byte, FlawCode.BAD_SIGNATURE),
        (key_id_byte, FlawCode.UNTRUSTED_KEY),
        (lambda envelope: envelope.replace(b"in-toto+json", b"in-toto+jsom"), FlawCode.NOT_AN_ENVELOPE),
        (lambda envelope: envelope + b"\n", FlawCode.NOT_CANONICAL),
        (lambda envelope: envelope[:-1], FlawCode.NOT_AN_ENVELOPE),
        (lambda envelope: envelope.replace(b'"payload":', b'"extra":1,"payload":'), FlawCode.NOT_AN_ENVELOPE),
        (lambda _: b"", FlawCode.NOT_AN_ENVELOPE),
    ],
)
def test_a_change_to_any_part_is_detected_even_when_the_head_was_made_to_fit(evidence, index, tamper, code):
    file = envelope_files(evidence)[index]
    changed = tamper(file.read_bytes())
    assert changed != file.read_bytes()
    file.write_bytes(changed)
    note_head(evidence)
    report = judge(evidence)
    assert not report.ok
    (own,) = (flaw for flaw in report.flaws if flaw.path == str(file) and flaw.code is not FlawCode.BROKEN_CHAIN)
    assert own.code is code
    if index < 2:
        assert FlawCode.BROKEN_CHAIN in codes(report)


def test_two_signatures_are_one_too_many(evidence):
    file = envelope_files(evidence)[0]
    fields = json.loads(file.read_bytes())
    fields["signatures"].append(fields["signatures"][0] | {"keyid": "f" * 64})
    file.write_bytes(canonical_json(fields))
    assert FlawCode.NOT_AN_ENVELOPE in codes(judge(evidence))


def test_a_reordering_is_detected(evidence):
    first, second, _ = envelope_files(evidence)
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    report = judge(evidence)
    assert {FlawCode.SEQUENCE, FlawCode.BROKEN_CHAIN} <= codes(report)


def test_a_removal_from_the_middle_is_detected(evidence):
    envelope_files(evidence)[1].unlink()
    report = judge(evidence)
    assert codes(report) == {FlawCode.GAP}
    assert report.flaws[0].got == "nothing for number 2"


def test_a_removal_from_the_beginning_is_detected(evidence):
    for file in envelope_files(evidence)[:2]:
        file.unlink()
    assert judge(evidence).flaws[0].got == "nothing for number 1 to 2"


def test_a_removal_from_the_end_is_detected_by_the_noted_head(evidence):
    envelope_files(evidence)[-1].unlink()
    assert codes(judge(evidence)) == {FlawCode.TRUNCATED}


def test_a_removal_from_the_end_with_a_fitting_head_is_not_detected_without_an_anchor(evidence):
    envelope_files(evidence)[-1].unlink()
    note_head(evidence)
    report = judge(evidence)
    assert report.ok
    assert report.chains[0].anchoring is Anchoring.NOT_ANCHORED


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def anchored(tmp_path: Path, shelf: Shelf) -> Path:
    recorder = open_local(tmp_path, anchor=shelf)
    recorder.ensure_ready()
    assert recorder.record_cut_off(cut_off()).anchored == shelf.name
    recorder.record_teardown(teardown())
    return tmp_path


def test_an_anchored_chain_is_verified(anchored, shelf):
    report = judge(anchored, shelf)
    assert report.ok
    assert report.chains[0].anchoring is Anchoring.ANCHORED
    assert not any("not anchored" in note for note in report.notes)


def test_an_anchor_that_was_not_asked_is_named(anchored):
    assert any("vault-kv:kv/heads, which was not asked" in note for note in judge(anchored).notes)


def test_a_removal_from_the_end_is_detected_by_the_anchor(anchored, shelf):
    envelope_files(anchored)[-1].unlink()
    note_head(anchored)
    report = judge(anchored, shelf)
    assert codes(report) == {FlawCode.TRUNCATED}
    assert "vault-kv:kv/heads" in report.flaws[0].expected


def test_a_removal_of_everything_is_detected_by_the_anchor(anchored, shelf):
    for file in anchored.glob("chains/*/*"):
        file.unlink()
    assert codes(judge(anchored, shelf)) == {FlawCode.TRUNCATED}
    (folder,) = anchored.glob("chains/*")
    folder.rmdir()
    report = judge(anchored, shelf)
    assert not report.empty
    assert report.flaws[0].got == "no such chain here"


def test_a_chain_that_went_another_way_is_detected_by_the_anchor(anchored, shelf):
    forge(anchored, 1, lambda predicate: predicate.model_copy(update={"recorded_at": at(100)}))
    note_head(anchored)
    assert judge(anchored).ok
    assert codes(judge(anchored, shelf)) == {FlawCode.FORKED}


def test_a_removed_anchor_entry_is_detected(anchored, shelf):
    shelf.kept.clear()
    assert codes(judge(anchored, shelf)) == {FlawCode.ANCHOR}


def test_a_recorder_does_not_go_on_without_the_anchors_entry(anchored, shelf):
    shelf.kept.clear()
    with pytest.raises(EvidenceRefused, match="no entry in vault-kv:kv/heads"):
        open_local(anchored, Ticking(at(60)), shelf).ensure_ready()


def test_a_recorder_does_not_go_on_after_a_removal_from_the_end(anchored, shelf):
    envelope_files(anchored)[-1].unlink()
    note_head(anchored)
    with pytest.raises(EvidenceRefused, match="evidence was removed"):
        open_local(anchored, Ticking(at(60)), shelf).record_cut_off(cut_off())
    assert len(envelope_files(anchored)) == 1


def test_a_chain_can_be_anchored_later(evidence, shelf):
    open_local(evidence, Ticking(at(60)), shelf).ensure_ready()
    assert judge(evidence, shelf).chains[0].anchoring is Anchoring.ANCHORED


def test_an_anchor_that_lags_is_told_and_not_taken_for_the_whole(anchored, shelf):
    (chain_id,) = shelf.kept
    first = envelope_files(anchored)[0].read_bytes()
    shelf.kept[chain_id] = AnchoredHead(Head(chain_id, 1, sha256_hex(first)), 9)
    report = judge(anchored, shelf)
    assert report.ok
    assert report.chains[0].anchoring is Anchoring.PARTLY
    assert any("its newest 1 not anchored yet" in note for note in report.notes)


def test_a_signature_by_another_key_is_refused(evidence, tmp_path_factory):
    stranger = LocalSigner(tmp_path_factory.mktemp("stranger") / "key.pem")
    forge(evidence, 2, lambda predicate: predicate, stranger)
    note_head(evidence)
    report = judge(evidence)
    assert codes(report) == {FlawCode.UNTRUSTED_KEY}
    assert stranger.key.fingerprint in report.flaws[0].got


def test_a_trusted_key_that_signs_in_anothers_name_is_refused(evidence):
    def rename(predicate: Predicate) -> Predicate:
        return predicate.model_copy(
            update={"signed_with": predicate.signed_with.model_copy(update={"fingerprint": "0" * 64})}
        )

    forge(evidence, 2, rename)
    note_head(evidence)
    assert codes(judge(evidence)) == {FlawCode.SIGNER}


def test_only_given_keys_count_when_some_are_given(evidence, tmp_path_factory):
    store = DirectoryStore(evidence)
    stranger = LocalSigner(tmp_path_factory.mktemp("stranger") / "key.pem").key
    assert verify(store, store.pinned_keys(), None).ok
    assert codes(verify(store, [stranger], None)) == {FlawCode.UNTRUSTED_KEY}


def test_without_any_trusted_key_nothing_is_verified(evidence):
    for file in (evidence / "trusted").iterdir():
        file.unlink()
    assert FlawCode.NO_TRUSTED_KEY in codes(judge(evidence))


def test_a_key_comes_back_from_its_file(evidence):
    (file,) = (evidence / "trusted").iterdir()
    assert VerifyingKey.from_file(file).fingerprint == file.stem


def test_a_clock_that_went_back_is_recorded_and_told(tmp_path):
    clock = Ticking()
    recorder = open_local(tmp_path, clock)
    recorder.record_cut_off(cut_off())
    clock.now = at(-600)
    recorder.record_teardown(teardown())
    report = judge(tmp_path)
    assert report.ok
    assert any("the clock stood 600 s behind" in note for note in report.notes)
    assert report.leases[0].state == "closed"


def test_a_clock_that_went_back_unsaid_is_a_problem(evidence):
    forge(evidence, 2, lambda predicate: predicate.model_copy(update={"recorded_at": at(-600)}))
    note_head(evidence)
    assert codes(judge(evidence)) == {FlawCode.HIDDEN_CLOCK}


def test_a_teardown_that_leaves_something_out_is_detected(evidence):
    def shorten(predicate: Predicate) -> Predicate:
        return predicate.model_copy(update={"content": teardown(rows=removals()[1:])})

    forge(evidence, 2, shorten)
    note_head(evidence)
    report = judge(evidence)
    assert codes(report) == {FlawCode.INCOMPLETE}
    assert report.flaws[0].path == str(envelope_files(evidence)[2])


def test_leases_are_told_apart_and_an_open_one_is_not_called_closed(evidence):
    open_local(evidence, Ticking(at(60))).record_cut_off(cut_off(OTHER_LEASE))
    states = {lease.lease_id: lease.state for lease in judge(evidence).leases}
    assert states == {LEASE: "closed", OTHER_LEASE: "cut off, not closed"}


def test_chains_of_two_machines_are_verified_together(evidence, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "keys").mkdir(mode=0o700)
    key = (evidence / "keys" / "evidence-ed25519.pem").read_bytes()
    (other / "keys" / "evidence-ed25519.pem").write_bytes(key)
    (other / "keys" / "evidence-ed25519.pem").chmod(0o600)
    open_local(other).record_cut_off(cut_off(OTHER_LEASE))
    (folder,) = other.glob("chains/*")
    folder.rename(evidence / "chains" / folder.name)
    report = judge(evidence)
    assert report.ok
    assert sorted(chain.statements for chain in report.chains) == [1, 3]


def test_a_head_that_is_none_is_a_problem(evidence):
    next(evidence.glob("chains/*/head")).write_text("{}")
    assert codes(judge(evidence)) == {FlawCode.HEAD}


def test_all_problems_are_reported_at_once(evidence):
    files = envelope_files(evidence)
    files[0].write_bytes(payload_byte(files[0].read_bytes()))
    files[2].write_bytes(b"{}")
    assert {FlawCode.BAD_SIGNATURE, FlawCode.BROKEN_CHAIN, FlawCode.NOT_AN_ENVELOPE, FlawCode.HEAD} <= codes(
        judge(evidence)
    )
