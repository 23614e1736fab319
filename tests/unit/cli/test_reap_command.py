"""`nhi reap` as a person types it; the engine is one that obeys the test."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nhi_components.cli.app import app
from nhi_components.provider.engine import Engine, EngineFailed

ENDS = datetime.now(UTC).date() + timedelta(days=60)
STATE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "states" / "0.1.0" / "stack.json")
    .read_text()
    .replace("2026-12-22", ENDS.isoformat())
)
REASON = "INC-7 [/] [bold]"
DECISION = {"state": "suspended", "approver": "Ada Example", "reason": REASON, "on": "2026-12-01"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "Pulumi.yaml").write_text('{"name": "shop", "runtime": "python"}')
    monkeypatch.setattr(Engine, "stacks", lambda _: ["dev", "prod"])
    monkeypatch.setattr(Engine, "export", lambda _: STATE)
    monkeypatch.setattr(
        Engine, "configured", lambda engine, _: {"orders.test": DECISION} if engine.stack == "dev" else {}
    )
    monkeypatch.delenv("NHI_AS_OF", raising=False)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["reap", *arguments])


def test_what_is_due_is_shown_whatever_people_wrote(folder: Path) -> None:
    said = run(str(folder), "--warn-days", "0")
    assert said.exit_code == 1, said.output
    assert "2 due in 2 stacks" in said.output
    told = json.loads(run(str(folder), "--warn-days", "0", "--output", "json").stdout)
    assert {(row["stack"], row["due"]) for row in told["due"]} == {("dev", "suspension")}
    assert all(REASON in row["why"] for row in told["due"])


def test_nothing_due_is_a_success(folder: Path) -> None:
    said = run(str(folder), "--stack", "prod", "--warn-days", "0")
    assert (said.exit_code, said.output.strip()) == (0, "nothing is due in 1 stacks")


def test_a_coming_day_is_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHI_AS_OF", ENDS.isoformat())
    assert run(str(folder), "--stack", "prod").exit_code == 1


def test_a_stack_that_can_not_be_asked_is_a_failure_and_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def export(engine: Engine) -> Any:
        if engine.stack == "prod":
            raise EngineFailed("error: [409] no backend [/]")
        return STATE

    monkeypatch.setattr(Engine, "export", export)
    said = run(str(folder), "--warn-days", "0")
    assert said.exit_code == 2
    assert "no backend [/]" in said.output
    assert "2 due in 2 stacks" in said.output


@pytest.mark.parametrize("arguments", [("--parallel", "9"), ("--parallel", "0"), ("--warn-days", "-1")])
def test_numbers_out_of_range_are_refused(folder: Path, arguments: tuple[str, str]) -> None:
    assert run(str(folder), *arguments).exit_code == 2
