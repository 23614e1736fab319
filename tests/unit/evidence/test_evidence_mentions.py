"""Who asks again and again what was said of leases reads each envelope once, however many there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from evidence_samples import LEASE, OTHER_LEASE, Ticking, cut_off, envelope_files, open_local

from nhi_components.lifecycle.evidence import directory_store
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore


def test_an_envelope_is_looked_through_once_and_read_when_it_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = open_local(tmp_path)
    recorder.record_cut_off(cut_off())
    for _ in range(5):
        recorder.record_cut_off(cut_off(OTHER_LEASE))
    read, files = list[Path](), directory_store.read_bytes
    monkeypatch.setattr(directory_store, "read_bytes", lambda path: read.append(path) or files(path))
    store = DirectoryStore(tmp_path)
    assert [envelope.sequence for envelope in store.mentioning(LEASE)] == [1]
    assert len(read) == 6 + 1
    assert [envelope.sequence for envelope in store.mentioning(OTHER_LEASE)] == [2, 3, 4, 5, 6]
    assert len(read) == 6 + 1 + 5


def test_what_others_write_meanwhile_is_seen(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    assert list(store.mentioning(LEASE)) == []
    open_local(tmp_path).record_cut_off(cut_off())
    assert [envelope.sequence for envelope in store.mentioning(LEASE)] == [1]


def test_one_that_was_changed_since_is_read_as_it_is_now(tmp_path: Path) -> None:
    recorder = open_local(tmp_path, Ticking())
    recorder.record_cut_off(cut_off())
    assert recorder.last_cut_off(LEASE) == cut_off()
    (file,) = envelope_files(tmp_path)
    file.write_bytes(file.read_bytes().replace(b'"signatures"', b'"signatores"'))
    assert recorder.last_cut_off(LEASE) is None
