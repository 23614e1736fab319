"""`nhi audit` as a person types it: trusted keys, times, what is told of a broken chain."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from audit_samples import NOW, chain, recorder, uids
from typer.testing import CliRunner, Result

from nhi_components.cli.audit import audit_app
from nhi_components.core.errors import SpecError
from nhi_components.lifecycle import clock
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DirectoryStore:
    monkeypatch.setenv("NHI_EVIDENCE_DIR", str(tmp_path / "evidence"))
    monkeypatch.setattr(clock, "system_clock", lambda: NOW + timedelta(hours=2))
    return chain(tmp_path / "evidence", (3, 2))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(audit_app, list(arguments))


def pem(directory: Path) -> str:
    (key,) = (directory / "trusted").iterdir()
    return str(key)


def test_only_the_given_key_is_trusted(store, tmp_path, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    recorder(other).ensure_ready()
    to = f"file:{tmp_path / 'audit.jsonl'}"
    refused = run("export", "--to", to, "--trusted-key", pem(other))
    assert refused.exit_code == 1
    assert "untrusted-key" in refused.output
    assert not (tmp_path / "audit.jsonl").exists()
    assert run("export", "--to", to, "--trusted-key", pem(store.directory)).exit_code == 0
    assert len((tmp_path / "audit.jsonl").read_bytes().splitlines()) == 5


def test_what_is_exported_is_told_as_json(store, tmp_path):
    told = run("export", "--to", f"file:{tmp_path / 'a.jsonl'}", "-o", "json")
    assert json.loads(told.stdout) == {"destination": f"file:{tmp_path / 'a.jsonl'}", "events": 5, "problems": []}


@pytest.mark.parametrize(("since", "count"), [("1d", 5), ("3h", 5), ("2026-03-01", 5), ("1h", 0), ("2026-03-02", 0)])
def test_events_are_shown_since_a_time(store, since, count):
    shown = run("show", "--since", since, "-o", "json")
    assert shown.exit_code == 0
    assert len(set(uids([json.loads(line) for line in shown.stdout.splitlines()]))) == count


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "1w", ""])
def test_another_time_is_refused(store, since):
    assert isinstance(run("show", "--since", since).exception, SpecError)


def test_of_a_broken_chain_what_comes_before_is_shown(store):
    (second,) = store.directory.glob("chains/*/00000002.dsse.json")
    second.write_bytes(b"{}")
    shown = run("show")
    assert shown.exit_code == 1
    assert shown.stdout.count("IAM Analysis Finding: Create") == 3
    assert "not-an-envelope" in shown.stderr


def test_nothing_there_is_not_fine(tmp_path, monkeypatch):
    monkeypatch.setenv("NHI_EVIDENCE_DIR", str(tmp_path))
    assert run("show").exit_code == 2
    assert run("export", "--to", f"file:{tmp_path / 'a'}").exit_code == 2
