from __future__ import annotations

import stat
import subprocess
import sys
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

from nhi_components.core.errors import EvidenceError, SpecError
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.evidence.flaws import EvidenceRefused
from nhi_components.lifecycle.evidence.local_signer import LocalSigner
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.lifecycle.evidence.settings import EvidenceSettings, open_recorder
from nhi_components.lifecycle.evidence.signer import KeyClass
from nhi_components.lifecycle.evidence.verify import verify

HERE = Path(__file__).parent


def no_vault():
    raise AssertionError("Vault is not needed for this")


def python(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    code = f"import sys; sys.path.insert(0, {str(HERE)!r})\n{script}"
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE)


def test_what_is_made_is_private(tmp_path):
    directory = tmp_path / "evidence"
    open_local(directory).record_cut_off(cut_off())
    for path in [directory, *directory.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_ready_leaves_no_statement_behind(tmp_path):
    open_local(tmp_path).ensure_ready()
    assert envelope_files(tmp_path) == []
    assert [path.name for path in tmp_path.glob("chains/*/*")] == []


def test_the_last_cut_off_comes_back_in_another_process(tmp_path):
    recorder = open_local(tmp_path)
    recorder.record_cut_off(cut_off())
    recorder.record_cut_off(cut_off(OTHER_LEASE))
    assert open_local(tmp_path, Ticking(at(60))).last_cut_off(LEASE) == cut_off()
    assert recorder.last_cut_off("lease-2222222222222222") is None


def test_a_teardown_is_refused_while_something_is_unaccounted_for(tmp_path):
    recorder = open_local(tmp_path)
    recorder.record_cut_off(cut_off())
    with pytest.raises(EvidenceRefused, match="by-hand"):
        recorder.record_teardown(teardown(rows=tuple(row for row in removals() if "by-hand" not in row.link.name)))
    assert len(envelope_files(tmp_path)) == 1


def test_what_was_alive_must_be_accounted_for_later(tmp_path):
    recorder = open_local(tmp_path)
    recorder.record_incomplete(incomplete())
    recorder.record_teardown(teardown())
    assert verify(DirectoryStore(tmp_path), None, None).leases[0].state == "closed"


def test_the_evidence_tells_its_key_class(tmp_path):
    recorder = open_local(tmp_path)
    recorder.record_cut_off(cut_off())
    (reading,) = verify(DirectoryStore(tmp_path), None, None).readings
    assert reading.predicate is not None
    assert reading.predicate.signed_with.key_class is KeyClass.LOCAL


def test_the_key_is_made_once(tmp_path):
    path = tmp_path / "keys" / "k.pem"
    assert LocalSigner(path).key == LocalSigner(path).key


def test_a_key_open_to_others_is_refused(tmp_path):
    path = tmp_path / "keys" / "k.pem"
    LocalSigner(path)
    path.chmod(0o640)
    with pytest.raises(EvidenceError, match="0640"):
        LocalSigner(path)


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_a_broken_key_is_refused_and_not_replaced(tmp_path, content):
    path = tmp_path / "k.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(EvidenceError, match="Ed25519 private key"):
        LocalSigner(path)
    assert path.read_bytes() == content


def test_not_ready_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    signer = LocalSigner(tmp_path / "keys" / "k.pem")
    recorder = EvidenceRecorder(DirectoryStore(tmp_path / "file" / "evidence"), signer, None, Ticking())
    with pytest.raises(EvidenceError, match="NHI_EVIDENCE_DIR"):
        recorder.ensure_ready()


def test_not_ready_where_others_may_write(tmp_path):
    directory = tmp_path / "evidence"
    open_local(directory).ensure_ready()
    directory.chmod(0o777)
    with pytest.raises(EvidenceError, match="chmod go-w"):
        open_local(directory).ensure_ready()


def test_not_ready_with_another_key_than_the_pinned_one(tmp_path):
    open_local(tmp_path).ensure_ready()
    other = LocalSigner(tmp_path / "keys" / "other.pem")
    recorder = EvidenceRecorder(DirectoryStore(tmp_path), other, None, Ticking())
    with pytest.raises(EvidenceError, match="a key that is pinned"):
        recorder.ensure_ready()
    with pytest.raises(EvidenceError, match="a key that is pinned"):
        recorder.record_cut_off(cut_off())


def test_not_ready_with_a_signer_that_signs_wrongly(tmp_path):
    class Forgetful(LocalSigner):
        def sign(self, message: bytes) -> bytes:
            return super().sign(message + b"!")

    recorder = EvidenceRecorder(DirectoryStore(tmp_path), Forgetful(tmp_path / "keys" / "k.pem"), None, Ticking())
    with pytest.raises(EvidenceRefused, match="does not fit"):
        recorder.ensure_ready()


def test_not_ready_on_a_chain_whose_newest_was_removed_or_changed(tmp_path):
    recorder = open_local(tmp_path)
    recorder.record_cut_off(cut_off())
    recorder.record_cut_off(cut_off(OTHER_LEASE))
    newest = envelope_files(tmp_path)[-1]
    kept = newest.read_bytes()
    for changed in (b"{}", None):
        newest.write_bytes(changed) if changed else newest.unlink()
        with pytest.raises(EvidenceError, match="nhi evidence verify"):
            recorder.ensure_ready()
        newest.write_bytes(kept)
    recorder.ensure_ready()


def test_two_writers_at_once_make_one_chain(tmp_path):
    script = """
from evidence_samples import *
recorder = open_local(Path(sys.argv[1]))
for number in range(6):
    recorder.record_cut_off(cut_off(sys.argv[2]))
"""
    writers = [python(script, str(tmp_path), lease) for lease in (LEASE, OTHER_LEASE)]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors.decode()
    report = verify(DirectoryStore(tmp_path), None, None)
    assert report.flaws == ()
    assert [lease.statements for lease in report.leases] == [6, 6]
    assert len(report.trusted) == 1


def test_a_lock_that_is_not_freed_is_an_error_that_names_it(tmp_path):
    store = DirectoryStore(tmp_path, lock_seconds=0.1)
    with DirectoryStore(tmp_path).writing(), pytest.raises(EvidenceError, match=r"lock[\s\S]*0.1 s"):
        store.ensure_writable()


@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_writer_killed_between_envelope_and_head_is_mended_by_the_next(tmp_path, before):
    recorder = open_local(tmp_path)
    for _ in range(before):
        recorder.record_cut_off(cut_off(OTHER_LEASE))
    script = """
import os, signal
from evidence_samples import *
from nhi_components.lifecycle.evidence import directory_store
directory_store._note_head = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
open_local(Path(sys.argv[1]), Ticking(at(60))).record_cut_off(cut_off())
"""
    victim = python(script, str(tmp_path))
    victim.communicate(timeout=60)
    assert victim.returncode == -9
    report = verify(DirectoryStore(tmp_path), None, None)
    assert report.ok
    assert any("one behind, as a kill leaves it" in note for note in report.notes)
    survivor = open_local(tmp_path, Ticking(at(120)))
    survivor.ensure_ready()
    assert survivor.last_cut_off(LEASE) == cut_off()
    survivor.record_teardown(teardown())
    report = verify(DirectoryStore(tmp_path), None, None)
    assert report.ok
    assert not any("one behind" in note for note in report.notes)
    assert report.chains[0].statements == before + 2


def test_a_writer_killed_in_the_middle_of_a_file_leaves_nothing_half(tmp_path):
    script = """
import os, signal
from evidence_samples import *
from nhi_components.lifecycle.evidence import files
files.os.link = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
open_local(Path(sys.argv[1])).record_cut_off(cut_off())
"""
    open_local(tmp_path).ensure_ready()
    victim = python(script, str(tmp_path))
    victim.communicate(timeout=60)
    assert victim.returncode == -9
    assert list(tmp_path.glob("chains/*/.*.tmp"))
    open_local(tmp_path).record_cut_off(cut_off())
    assert not list(tmp_path.glob("chains/*/.*.tmp"))
    assert verify(DirectoryStore(tmp_path), None, None).ok


def test_settings_open_a_local_recorder(tmp_path):
    settings = EvidenceSettings().with_environment({"NHI_EVIDENCE_DIR": str(tmp_path / "e")})
    receipt = open_recorder(settings, no_vault, Ticking()).record_cut_off(cut_off())
    assert receipt.path.startswith(str(tmp_path / "e" / "chains"))
    assert receipt.anchored is None
    assert (tmp_path / "e" / "keys" / "evidence-ed25519.pem").exists()


def test_settings_can_name_the_one_key(tmp_path):
    settings = EvidenceSettings(directory=tmp_path, key_file=tmp_path / "elsewhere" / "k.pem", key_fingerprint="0" * 64)
    with pytest.raises(EvidenceError, match="key_fingerprint"):
        open_recorder(settings, no_vault, Ticking())


def test_wrong_settings_are_reported_at_once():
    with pytest.raises(SpecError) as wrong:
        EvidenceSettings(signer="vault-transit:", anchor="kv/x", key_fingerprint="abc")
    assert [problem.path for problem in wrong.value.problems] == ["signer", "anchor", "key_fingerprint"]
