"""`nhi report` as it is called: what it writes, what it says, how it ends; and its page in docs/."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nhi_components.cli.app import app
from nhi_components.lifecycle.reporting.compliance import frameworks
from nhi_components.lifecycle.reporting.document import SCHEMA
from nhi_components.lifecycle.reporting.tables import IDENTITIES, VERDICTS
from tests.pages import rows
from tests.unit.reporting.worlds import NOW, evidence, organisation, organised, scan

PAGE = (Path(__file__).parents[3] / "docs/report.md").read_text()


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["report", "--inventory", str(folder / "inventory.db"), *arguments])


@pytest.fixture(autouse=True)
def _no_evidence_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHI_EVIDENCE_DIR", str(tmp_path / "nowhere"))


def test_what_was_not_seen_is_told_and_the_exit_code_says_so(tmp_path: Path) -> None:
    organised(tmp_path).close()
    evidence(tmp_path)
    out = tmp_path / "out"
    done = run(tmp_path, "--out", str(out), "--format", "html,csv", "--evidence", str(tmp_path / "evidence"))
    assert done.exit_code == 3, done.output
    assert sorted(each.name for each in out.iterdir()) == ["identities.csv", "report.html", "verdicts.csv"]
    assert "20 identities" in done.output
    assert "not everything is told: 1 sections were not seen" in done.output
    assert b"teardown-incomplete" in (out / "report.html").read_bytes()


def test_a_whole_report_ends_well(tmp_path: Path) -> None:
    organised(tmp_path, unseen="").close()
    done = run(tmp_path, "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["report.html"]
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


def test_the_audit_trail_is_told_unless_it_is_not_to_be(tmp_path: Path) -> None:
    organised(tmp_path, unseen="").close()
    told = []
    for arguments in (["--no-record"], []):
        assert run(tmp_path, "--out", str(tmp_path / "out"), *arguments).exit_code == 0
        told.append(CliRunner().invoke(app, ["audit", "show"]).output)
    assert "the inventory was exported" not in told[0]
    assert told[1].count("the inventory was exported") == 1


def test_a_scan_after_the_judgement_is_told(tmp_path: Path) -> None:
    inventory = organised(tmp_path, unseen="")
    scan(inventory, NOW.replace(hour=20), organisation())
    inventory.close()
    done = run(tmp_path, "--out", str(tmp_path / "out"))
    assert done.exit_code == 3
    assert "read after it was judged" in done.output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(["--format", "html,pdf"], "pdf"), (["--format", ""], "some of html, json, csv, parquet")],
)
def test_an_unknown_form_is_refused(tmp_path: Path, arguments: list[str], expected: str) -> None:
    done = run(tmp_path, "--out", str(tmp_path / "out"), *arguments)
    assert done.exit_code != 0
    assert expected in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_missing_inventory_is_not_made(tmp_path: Path) -> None:
    done = run(tmp_path, "--out", str(tmp_path / "out"))
    assert done.exit_code != 0
    assert "nhi discover" in str(done.exception)
    assert not (tmp_path / "inventory.db").exists()


def test_the_commands_of_the_documentation_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    organised(tmp_path, unseen="").close()
    monkeypatch.setenv("NHI_INVENTORY", str(tmp_path / "inventory.db"))
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    commands = [shlex.split(line, comments=True) for line in block.splitlines() if line.startswith("nhi report")]
    assert len(commands) == 2
    for program, *arguments in commands:
        done = CliRunner().invoke(app, arguments)
        assert (program, done.exit_code) == ("nhi", 0), done.output
    assert len(list((tmp_path / "report").iterdir())) == 6


def test_the_documentation_names_every_column_framework_and_form() -> None:
    columns = {row[0].strip("`"): row[1] for row in rows(PAGE, "column | in")}
    assert columns == {
        name: " and ".join(
            kind for kind, table in (("identities", IDENTITIES), ("verdicts", VERDICTS)) if name in table
        )
        for name in [*IDENTITIES, *(name for name in VERDICTS if name not in IDENTITIES)]
    }
    assert SCHEMA in PAGE
    told = {row[0] for row in rows(PAGE, "framework | edition | controls")}
    assert told == {each.name for each in frameworks()}
