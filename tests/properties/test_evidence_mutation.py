"""Any single byte that changes in any stored envelope is detected."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.evidence.contents import CutOffRecord, CutOffRow
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.evidence.local_signer import LocalSigner
from nhi_components.lifecycle.evidence.parts import LeaseRecord, stated
from nhi_components.lifecycle.evidence.reader import by_fingerprint, read
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.lifecycle.evidence.store import StoredEnvelope
from nhi_components.lifecycle.evidence.verify import verify
from nhi_components.lifecycle.ports import CutOff

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def content(name: str) -> CutOffRecord:
    lease = LeaseRecord(
        lease_id="lease-abcdefghijklmnop",
        identity="orders",
        environment="prod",
        owner="payments",
        stack="shop/prod",
        purpose="reads the order queue",
        issued=date(2026, 1, 1),
        ends=date(2026, 4, 1),
    )
    rows = CutOffRow.of(CutOff(Link(System.AWS, LinkKind.IAM_ROLE, name, unique_id="AROA1"), NOW, None))
    unknown = stated(None, "nobody said")
    return CutOffRecord(lease=lease, approver=unknown, reason=unknown, callers=(), started=NOW, rows=tuple(rows))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evidence")
    recorder = EvidenceRecorder(DirectoryStore(path), LocalSigner(path / "keys" / "k.pem"), None, lambda: NOW)
    for name in ("one", "two", "three"):
        recorder.record_cut_off(content(name))
    return path


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_detected_by_the_envelope_alone(directory: Path, data: st.DataObject) -> None:
    store = DirectoryStore(directory)
    (chain_id,) = store.chain_ids()
    stored = data.draw(st.sampled_from(store.envelopes(chain_id)))
    position = data.draw(st.integers(0, len(stored.data) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != stored.data[position]))
    changed = stored.data[:position] + bytes([byte]) + stored.data[position + 1 :]
    trusted = by_fingerprint(store.pinned_keys())
    assert read(stored, trusted).flaws == ()
    assert read(StoredEnvelope(chain_id, stored.sequence, stored.path, changed), trusted).flaws


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_changed_byte_fails_verification_of_the_store(directory: Path, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(sorted(directory.glob("chains/*/*.dsse.json"))))
    original = file.read_bytes()
    position = data.draw(st.integers(0, len(original) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != original[position]))
    try:
        file.write_bytes(original[:position] + bytes([byte]) + original[position + 1 :])
        report = verify(DirectoryStore(directory), None, None)
    finally:
        file.write_bytes(original)
    assert not report.ok
    assert any(flaw.path.startswith(str(file)) for flaw in report.flaws)


def test_the_untouched_store_is_sound(directory: Path) -> None:
    assert verify(DirectoryStore(directory), None, None).ok
