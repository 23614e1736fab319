"""`nhi suspend|retire|renew|restore` and `nhi kill`, as a person types them; the engine is one that obeys the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nhi_components.cli.app import app
from nhi_components.cli.deciding import approval, until_day
from nhi_components.core.errors import SpecError
from nhi_components.provider.engine import Engine

BY = ("--approver", "Ada Example", "--reason", "12345")
TODAY = datetime.now(UTC).date()
STATE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "states" / "0.1.0" / "stack.json")
    .read_text()
    .replace("2026-12-22", str(TODAY + timedelta(days=60)))
)


class Kept:
    """What the engine was asked for and what it keeps."""

    def __init__(self) -> None:
        self.life: Any = None
        self.ups: list[bool] = []


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    kept = Kept()

    def up(_: Engine, *, refresh: bool, listener: Callable[[str], None]) -> None:
        kept.ups.append(refresh)
        listener("Updating (dev)")

    monkeypatch.setattr(Engine, "export", lambda _: STATE)
    monkeypatch.setattr(Engine, "configured", lambda _, key: kept.life)
    monkeypatch.setattr(Engine, "configure", lambda _, key, value: setattr(kept, "life", value))
    monkeypatch.setattr(Engine, "up", up)
    for name in ("NHI_APPROVER", "NHI_REASON", "NHI_AS_OF"):
        monkeypatch.delenv(name, raising=False)
    return kept


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_a_decision_is_shown_as_it_stands_in_the_file_and_what_to_run_is_said(kept: Kept) -> None:
    said = run("suspend", "orders", *BY, "--stack", "dev")
    assert said.exit_code == 0, said.output
    assert "# before: nothing" in said.output
    assert "state: suspended" in said.output
    assert "reason: '12345'" in said.output
    assert "now run: pulumi up --stack dev" in said.output
    assert kept.life["orders.test"]["state"] == "suspended"
    assert kept.ups == []
    assert "nothing changed" in run("suspend", "orders", *BY).output


def test_a_dry_run_writes_nothing_and_runs_nothing(kept: Kept) -> None:
    said = run("retire", "orders.test", *BY, "--dry-run", "--up")
    assert "would change" in said.output
    assert (kept.life, kept.ups) == (None, [])


def test_up_is_run_and_after_a_restoration_with_a_refresh(kept: Kept) -> None:
    run("suspend", "orders", *BY, "--up")
    told = json.loads(run("restore", "orders", *BY, "--up", "--output", "json").stdout)
    assert kept.ups == [False, True]
    assert (told["before"]["state"], "state" in told["after"], told["next"]) == ("suspended", False, None)


def test_who_and_why_may_come_from_the_environment(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHI_APPROVER", "Bob Example")
    monkeypatch.setenv("NHI_REASON", "CHG-1")
    assert run("suspend", "orders").exit_code == 0
    assert kept.life["orders.test"]["approver"] == "Bob Example"


@pytest.mark.parametrize("command", ["suspend", "retire", "renew", "restore", "kill"])
def test_nothing_is_done_without_saying_who_and_why(kept: Kept, command: str) -> None:
    refused = run(command, "orders", "--approver", " ")
    assert isinstance(refused.exception, SpecError)
    assert [problem.path for problem in refused.exception.problems] == ["--approver", "--reason"]
    assert kept.life is None


@pytest.mark.parametrize("command", ["suspend", "kill"])
def test_what_could_not_be_written_as_a_decision_is_refused_before_anything_is_done(kept: Kept, command: str) -> None:
    refused = run(command, "orders", "--approver", "A", "--reason", "why")
    assert isinstance(refused.exception, SpecError)
    assert [problem.path for problem in refused.exception.problems] == ["--approver", "--reason"]


def test_the_wish_is_trimmed() -> None:
    assert approval("nhi suspend", " Ada ", " INC-7 ") == ("Ada", "INC-7")


def test_an_end_is_a_day_or_a_number_of_days() -> None:
    assert until_day("nhi renew", "2027-06-30", TODAY) == date(2027, 6, 30)
    assert until_day("nhi renew", "90d", TODAY) == TODAY + timedelta(days=90)
    assert until_day("nhi renew", None, TODAY) is None


@pytest.mark.parametrize("text", ["", "tomorrow", "30.06.2027", "2027-02-30", "-5d", "90", "20270630", "999999999d"])
def test_any_other_end_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="YYYY-MM-DD"):
        until_day("nhi renew", text, TODAY)


def test_an_end_too_far_away_is_refused_and_nothing_written(kept: Kept) -> None:
    refused = run("renew", "orders", "--until", "400d", *BY)
    assert isinstance(refused.exception, SpecError)
    assert "at most 366 days" in str(refused.exception)
    assert kept.life is None


def test_an_identity_that_nobody_knows_is_refused_with_those_that_are_known(kept: Kept) -> None:
    refused = run("kill", "billing", *BY)
    assert isinstance(refused.exception, SpecError)
    assert "orders.test" in str(refused.exception)


def test_what_kill_would_cut_off_is_listed(kept: Kept) -> None:
    told = json.loads(run("kill", "orders", *BY, "--dry-run", "--output", "json").stdout)
    assert {row["kind"] for row in told["wouldCutOff"]} >= {"iam-role", "vault-entity", "vault-approle"}
    assert kept.life is None
