"""Evidence whose signer and anchor are a real Vault."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nhi_components.cli.evidence import evidence_app
from nhi_components.core.errors import EvidenceError
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.evidence.canonical import canonical_json, sha256_hex
from nhi_components.lifecycle.evidence.chain_check import Anchoring
from nhi_components.lifecycle.evidence.contents import CutOffRecord, CutOffRow
from nhi_components.lifecycle.evidence.flaws import EvidenceRefused, FlawCode
from nhi_components.lifecycle.evidence.parts import LeaseRecord, stated
from nhi_components.lifecycle.evidence.reader import by_fingerprint
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.lifecycle.evidence.settings import EvidenceSettings, open_anchor, open_recorder, open_store
from nhi_components.lifecycle.evidence.signer import KeyClass
from nhi_components.lifecycle.evidence.store import Head
from nhi_components.lifecycle.evidence.verify import verify
from nhi_components.lifecycle.ports import CutOff

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SIGNER = "vault-transit:transit/nhi-evidence"
ANCHOR = "vault-kv:heads/nhi/evidence"
POLICY = """
path "transit/keys/nhi-evidence" { capabilities = ["read"] }
path "transit/sign/nhi-evidence" { capabilities = ["update"] }
path "heads/data/nhi/evidence/*" { capabilities = ["create", "update", "read"] }
path "heads/metadata/nhi/evidence" { capabilities = ["list"] }
"""
"""What docs/evidence.md says that the recorder needs, and no more."""


def content(name: str = "one") -> CutOffRecord:
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


@pytest.fixture
def root(sandbox: Any) -> Any:
    """A root client of an empty Vault with a transit key, a KV v2 engine for the anchor, and the documented policy."""
    client = sandbox.vault.client()
    client.write_data("sys/mounts/transit", data={"type": "transit"})
    client.write_data("transit/keys/nhi-evidence", data={"type": "ed25519"})
    client.write_data("sys/mounts/heads", data={"type": "kv", "options": {"version": "2"}})
    client.write_data("sys/policies/acl/nhi-evidence", data={"policy": POLICY})
    return client


@pytest.fixture
def writer(sandbox: Any, root: Any) -> Any:
    """A client that may do no more than the documented policy."""
    answer = root.write_data("auth/token/create", data={"policies": ["nhi-evidence"], "no_default_policy": True})
    return sandbox.vault.client(answer["auth"]["client_token"])


def seen_by(client: Any) -> VaultHttp:
    """The same Vault through the library's own client."""
    return VaultHttp("default", client.url, namespace=None, verify=True, token=client.token)


def settings(directory: Path, **given: Any) -> EvidenceSettings:
    return EvidenceSettings(**({"directory": directory, "signer": SIGNER, "anchor": ANCHOR} | given))


def recorder(directory: Path, client: Any, **given: Any) -> EvidenceRecorder:
    return open_recorder(settings(directory, **given), lambda: seen_by(client), system_clock)


def newest_files(directory: Path) -> list[Path]:
    return sorted(directory.glob("chains/*/*.dsse.json"))


def cover_traces(directory: Path) -> None:
    """Remove the newest envelope and note a head that fits."""
    *_, kept, removed = newest_files(directory)
    removed.unlink()
    head = {"sequence": int(kept.name[:8]), "digest": sha256_hex(kept.read_bytes())}
    (kept.parent / "head").write_bytes(canonical_json(head))


def test_a_transit_key_signs_and_an_anchor_keeps_the_head_with_the_documented_policy_only(tmp_path, writer):
    evidence = recorder(tmp_path, writer)
    evidence.ensure_ready()
    evidence.record_cut_off(content("one"))
    assert evidence.record_cut_off(content("two")).anchored == ANCHOR
    report = verify(open_store(settings(tmp_path)), None, open_anchor(settings(tmp_path), lambda: seen_by(writer)))
    assert report.flaws == ()
    assert report.chains[0].anchoring is Anchoring.ANCHORED
    (reading, _) = report.readings
    assert reading.predicate is not None
    assert reading.predicate.signed_with.key_class is KeyClass.VAULT_TRANSIT
    assert not (tmp_path / "keys").exists()
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert writer.token.encode() not in everything


def test_after_a_rotation_in_vault_the_pinned_version_goes_on_signing(tmp_path, root):
    recorder(tmp_path, root).record_cut_off(content())
    pinned = set(by_fingerprint(open_store(settings(tmp_path)).pinned_keys()))
    root.write_data("transit/keys/nhi-evidence/rotate", data={})
    recorder(tmp_path, root).record_cut_off(content())
    report = verify(open_store(settings(tmp_path)), None, None)
    assert report.flaws == ()
    assert set(report.trusted) == pinned


def test_the_key_can_be_pinned_by_fingerprint(tmp_path, root):
    with pytest.raises(EvidenceError, match="a version whose fingerprint is pinned") as refused:
        recorder(tmp_path, root, key_fingerprint="0" * 64)
    offered = str(refused.value).split("version 1: ")[1][:64]
    recorder(tmp_path, root, key_fingerprint=offered).ensure_ready()


def test_another_key_of_the_same_name_is_refused(tmp_path, root):
    recorder(tmp_path, root).record_cut_off(content())
    root.write_data("transit/keys/nhi-evidence/config", data={"deletion_allowed": True})
    root.delete("transit/keys/nhi-evidence")
    root.write_data("transit/keys/nhi-evidence", data={"type": "ed25519"})
    with pytest.raises(EvidenceError, match="fingerprint is pinned"):
        recorder(tmp_path, root)


@pytest.mark.parametrize(
    ("made", "got"),
    [
        (None, "a key of type none"),
        ({"type": "ecdsa-p256"}, "a key of type ecdsa-p256"),
        ({"type": "ed25519", "derived": True}, "a key of type ed25519"),
        ({"type": "ed25519", "exportable": True}, "may be exported"),
        ({"type": "ed25519", "allow_plaintext_backup": True}, "may be exported or backed up"),
    ],
)
def test_a_key_that_proves_less_is_refused(tmp_path, root, made, got):
    if made:
        root.write_data("transit/keys/other", data=made)
    with pytest.raises(EvidenceError, match=got):
        recorder(tmp_path, root, signer="vault-transit:transit/other")


@pytest.mark.parametrize(
    ("denied", "place"),
    [
        ("transit/keys/nhi-evidence", "allow read on transit/keys/nhi-evidence"),
        ("transit/sign/nhi-evidence", "allow update on transit/sign/nhi-evidence"),
        ("heads/data/nhi/evidence/*", "vault-kv:heads/nhi/evidence"),
    ],
)
def test_without_a_permission_it_is_not_ready(tmp_path, root, writer, denied, place):
    root.write_data("sys/policies/acl/nhi-evidence", data={"policy": POLICY.replace(denied, "nothing")})
    with pytest.raises(EvidenceError) as refused:
        recorder(tmp_path, writer).ensure_ready()
    assert place in str(refused.value)
    assert "403 from" in str(refused.value)
    assert writer.token not in str(refused.value)
    assert newest_files(tmp_path) == []


def test_a_sealed_vault_is_not_ready(tmp_path, sandbox, root):
    evidence = recorder(tmp_path, root)
    evidence.ensure_ready()
    sandbox.vault.seal()
    try:
        with pytest.raises(EvidenceError, match="unsealed"):
            evidence.ensure_ready()
        with pytest.raises(EvidenceError, match="unsealed"):
            evidence.record_cut_off(content())
    finally:
        sandbox.vault.unseal()
    evidence.record_cut_off(content())


def test_a_vault_that_is_down_is_not_ready(tmp_path, sandbox, root):
    evidence = recorder(tmp_path, root)
    sandbox.vault.stop()
    try:
        with pytest.raises(EvidenceError, match="no answer from"):
            evidence.ensure_ready()
    finally:
        sandbox.vault.start()
    evidence.ensure_ready()


def test_the_removal_of_the_newest_is_detected_by_the_anchor_only(tmp_path, root):
    evidence = recorder(tmp_path, root)
    evidence.record_cut_off(content("one"))
    evidence.record_cut_off(content("two"))
    cover_traces(tmp_path)
    store = open_store(settings(tmp_path))
    assert verify(store, None, None).ok
    (flaw,) = verify(store, None, open_anchor(settings(tmp_path), lambda: seen_by(root))).flaws
    assert flaw.code is FlawCode.TRUNCATED
    with pytest.raises(EvidenceRefused, match="evidence was removed"):
        evidence.ensure_ready()


def test_of_two_copies_of_a_chain_only_one_goes_on(tmp_path, root):
    first, second = tmp_path / "first", tmp_path / "second"
    recorder(first, root).record_cut_off(content("one"))
    shutil.copytree(first, second)
    recorder(first, root).record_cut_off(content("two"))
    with pytest.raises(EvidenceRefused, match="truncated"):
        recorder(second, root).record_cut_off(content("other"))
    assert len(newest_files(second)) == 1


def test_a_head_that_was_moved_by_another_writer_is_not_overwritten(tmp_path, root):
    anchor = open_anchor(settings(tmp_path), lambda: seen_by(root))
    assert anchor is not None
    genesis = Head.genesis("0" * 16)
    read = anchor.advance(None, genesis)
    anchor.advance(read, Head(genesis.chain_id, 1, "1" * 64))
    for stale in (read, None):
        with pytest.raises(EvidenceError, match="check-and-set"):
            anchor.advance(stale, Head(genesis.chain_id, 1, "2" * 64))
    kept = anchor.read(genesis.chain_id)
    assert kept is not None
    assert kept.head.digest == "1" * 64


def test_a_removed_entry_of_the_anchor_is_noticed(tmp_path, root):
    evidence = recorder(tmp_path, root)
    evidence.record_cut_off(content())
    (chain_id,) = open_store(settings(tmp_path)).chain_ids()
    root.delete(f"heads/metadata/nhi/evidence/{chain_id}")
    with pytest.raises(EvidenceRefused, match="no entry in vault-kv:heads/nhi/evidence"):
        evidence.ensure_ready()
    report = verify(open_store(settings(tmp_path)), None, open_anchor(settings(tmp_path), lambda: seen_by(root)))
    assert [flaw.code for flaw in report.flaws] == [FlawCode.ANCHOR]


def test_a_writer_killed_between_head_and_anchor_is_caught_up_with(tmp_path, root):
    recorder(tmp_path, root).record_cut_off(content("one"))
    script = """
import os, signal, sys
from pathlib import Path
import hvac
sys.path.insert(0, sys.argv[1])
from test_evidence_vault import content, recorder
from nhi_components.lifecycle.evidence.vault_anchor import VaultAnchor
VaultAnchor.advance = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
recorder(Path(sys.argv[2]), hvac.Client()).record_cut_off(content("two"))
"""
    environment = {"VAULT_ADDR": root.url, "VAULT_TOKEN": root.token, "HOME": str(tmp_path)}
    here = str(Path(__file__).parent)
    victim = subprocess.run(
        [sys.executable, "-c", script, here, str(tmp_path)], env=environment, timeout=60, check=False
    )
    assert victim.returncode == -9
    store, anchor = open_store(settings(tmp_path)), open_anchor(settings(tmp_path), lambda: seen_by(root))
    report = verify(store, None, anchor)
    assert report.flaws == ()
    assert report.chains[0].anchoring is Anchoring.PARTLY
    recorder(tmp_path, root).ensure_ready()
    report = verify(store, None, anchor)
    assert report.chains[0].anchoring is Anchoring.ANCHORED
    assert report.chains[0].statements == 2


@pytest.mark.parametrize("anchor", ["vault-kv:old/nhi", "vault-kv:missing/nhi"])
def test_an_anchor_that_is_no_kv_v2_is_refused(tmp_path, root, anchor):
    root.write_data("sys/mounts/old", data={"type": "kv", "options": {"version": "1"}})
    with pytest.raises(EvidenceError, match="vault-kv:"):
        recorder(tmp_path, root, anchor=anchor).ensure_ready()


def test_the_command_verifies_against_the_anchor(tmp_path, root, monkeypatch):
    evidence = recorder(tmp_path, root)
    evidence.record_cut_off(content("one"))
    evidence.record_cut_off(content("two"))
    for name, value in {
        "NHI_EVIDENCE_DIR": str(tmp_path),
        "NHI_EVIDENCE_ANCHOR": ANCHOR,
        "VAULT_ADDR": root.url,
        "VAULT_TOKEN": root.token,
    }.items():
        monkeypatch.setenv(name, value)
    sound = CliRunner().invoke(evidence_app, ["verify"])
    assert (sound.exit_code, "2 statements, anchored" in sound.stdout) == (0, True)
    cover_traces(tmp_path)
    cut = CliRunner().invoke(evidence_app, ["verify"])
    assert (cut.exit_code, "[truncated]" in cut.stdout) == (1, True)
