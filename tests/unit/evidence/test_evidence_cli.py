from __future__ import annotations

import json
from pathlib import Path

import pytest
from evidence_samples import (
    LEASE,
    ROLE,
    cut_off,
    envelope_files,
    incomplete,
    open_local,
    restoration,
    revocations,
    suspension,
    teardown,
)
from typer.testing import CliRunner

from nhi_components.cli.evidence import evidence_app
from nhi_components.lifecycle.evidence.contents import RemovalRow
from nhi_components.lifecycle.evidence.timeline import WIDTH, timeline


@pytest.fixture
def evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NHI_EVIDENCE_DIR", str(tmp_path))
    for name in ("NHI_EVIDENCE_SIGNER", "NHI_EVIDENCE_ANCHOR", "NHI_EVIDENCE_KEY_FINGERPRINT", "VAULT_ADDR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def recorded(evidence: Path) -> Path:
    recorder = open_local(evidence)
    recorder.record_cut_off(cut_off())
    recorder.record_incomplete(incomplete())
    recorder.record_teardown(teardown())
    return evidence


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(evidence_app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_show_tells_who_what_and_when(recorded):
    code, out, _ = run("show")
    assert code == 0
    for text in (
        LEASE,
        "alice@example.com",
        "unknown: no nhi:approval",
        "assumed-role/deployer/ci",
        "teardown-incomplete",
    ):
        assert text in out
    assert "disabled +0.1 s → absent +3.5 s → refused: not checked (no canary could be opened)" in out
    assert "never created" in out
    assert "AROASOMEBODYELSE" in out


def test_show_as_json_holds_every_statement(recorded):
    code, out, _ = run("show", "--lease", LEASE, "--output", "json")
    statements = json.loads(out)["statements"]
    assert code == 0
    assert [s["predicate"]["content"]["kind"] for s in statements] == ["cut-off", "teardown-incomplete", "teardown"]


def test_show_of_a_lease_without_evidence_is_not_fine(recorded):
    code, _, err = run("show", "--lease", "lease-2222222222222222")
    assert code == 2
    assert "no evidence of lease-2222222222222222" in err


def test_show_of_something_still_alive(evidence):
    open_local(evidence).record_incomplete(incomplete())
    assert f"still alive: aws iam-role {ROLE.name}, account 123456789012" in run("show")[1]


def test_show_of_a_suspension_tells_why_what_was_revoked_and_what_was_not(evidence):
    open_local(evidence).record_change(suspension())
    out = run("show")[1]
    for text in (
        "suspended: decided by Ada Example on 2026-03-01: INC-7",
        "revoked: vault vault-token fingerprint-1",
        "not revoked: aws, connection default: aws does not answer",
        "aws, connection default: revocation not shown (required: minutes, 900 s): no session was opened before",
    ):
        assert text in out
    assert " suspended" in run("verify")[1]


def test_show_of_a_restoration_tells_what_it_follows(evidence):
    recorder = open_local(evidence)
    recorder.record_change(suspension())
    recorder.record_change(restoration())
    assert "restored after a suspension: declared in the program" in run("show")[1]
    assert " restored" in run("verify")[1]


@pytest.mark.parametrize(("seconds", "verdict"), [(3, "met: 3 s"), (901.5, "missed: 901.5 s")])
def test_both_tell_whether_the_requirement_was_met_and_a_missed_one_fails_neither(evidence, seconds, verdict):
    recorder = open_local(evidence)
    recorder.record_cut_off(cut_off().model_copy(update={"revocations": revocations(seconds)}))
    recorder.record_teardown(teardown().model_copy(update={"revocations": revocations(seconds)}))
    for command in ("show", "verify"):
        code, out, _ = run(command)
        assert code == 0
        assert out.count(f"aws, connection default: revocation {verdict} (required: minutes, 900 s)") == 1
    (lease,) = json.loads(run("verify", "--output", "json")[1])["leases"]
    assert [(row["seconds"], row["limit_seconds"]) for row in lease["revocations"]] == [(seconds, 900)]


def test_verify_sound_evidence(recorded):
    code, out, _ = run("verify")
    assert code == 0
    assert "not anchored" in out
    assert "closed" in out
    assert "verified: signatures, chain and completeness hold" in out


@pytest.mark.parametrize("command", ["show", "verify"])
@pytest.mark.parametrize("output", ["table", "json"])
def test_bad_evidence_fails_both(recorded, command, output):
    envelope_files(recorded)[1].unlink()
    code, out, _ = run(command, "--output", output)
    assert code == 1
    assert "gap" in out
    if output == "json":
        assert [problem["code"] for problem in json.loads(out)["problems"]] == ["gap"]


@pytest.mark.parametrize("command", ["show", "verify"])
def test_no_evidence_is_not_fine(evidence, command):
    code, out, err = run(command)
    assert code == 2
    assert out == ""
    assert f"no evidence in {evidence}" in err


def test_no_evidence_as_json_is_not_fine(evidence):
    code, out, _ = run("verify", "--output", "json")
    assert code == 2
    assert json.loads(out)["ok"] is False


def test_a_given_key_replaces_the_pins(recorded, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    open_local(other).ensure_ready()
    (own,) = (recorded / "trusted").iterdir()
    (strange,) = (other / "trusted").iterdir()
    code, out, _ = run("verify", "--trusted-key", str(own))
    assert code == 0
    assert "pinned on first use" not in out
    assert run("verify", "--trusted-key", str(strange))[0] == 1


@pytest.mark.parametrize("content", [None, "nonsense"])
def test_a_key_that_is_none_is_bad_usage(recorded, tmp_path, content):
    path = tmp_path / "key.pem"
    if content:
        path.write_text(content)
    code, _, err = run("verify", "--trusted-key", str(path))
    assert code == 2
    assert str(path) in err


def test_wrong_settings_are_bad_usage(recorded, monkeypatch):
    monkeypatch.setenv("NHI_EVIDENCE_ANCHOR", "somewhere")
    code, _, err = run("verify")
    assert code == 2
    assert "vault-kv:<mount>/<path>" in err


def test_an_anchor_that_cannot_be_asked_is_not_fine(recorded, monkeypatch):
    monkeypatch.setenv("NHI_EVIDENCE_ANCHOR", "vault-kv:secret/heads")
    code, _, err = run("verify")
    assert code == 1
    assert "VAULT_ADDR" in err


def test_the_picture_shows_the_order():
    span, rows = timeline(teardown().removals, teardown().operation.started)
    assert span == pytest.approx(3.5)
    assert rows[0].picture == "·D" + "·" * (WIDTH - 3) + "A"
    assert rows[-1].words == "never created"


def test_the_picture_of_one_moment():
    removal = teardown().removals[0]
    once = removal.model_copy(update={"absent_at": removal.disabled_at, "refused_at": removal.disabled_at})
    started = removal.disabled_at.time
    span, (row,) = timeline([RemovalRow.model_validate(once.model_dump())], started)
    assert span == 0
    assert row.picture == "*" + "·" * (WIDTH - 1)
