"""`nhi template`: the templates in the terminal and as data, and the check of an organisation's file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nhi_components.cli.app import app
from nhi_components.core.errors import SpecError
from nhi_components.core.identity import Kind
from nhi_components.templates import UnreadableTemplates
from nhi_components.templates.model import Settings
from nhi_components.templates.standard import standard

RUN = CliRunner(env={"COLUMNS": "160"})
OWN = """
version: 1
revision: "7"
forbidden:
  money: {actions: ["billing:*"], reason: Only people move money.}
kinds:
  pipeline:
    lifetime_days: 90
    grace_days: 21
    forbid: [money]
    permit: {permission-change: Deployments make roles under a boundary.}
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NHI_TEMPLATES", raising=False)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "own.yaml"
    file.write_text(OWN)
    return file


def answer(*arguments: object) -> Any:
    done = RUN.invoke(app, ["template", *map(str, arguments), "-o", "json"])
    return json.loads(done.output)


def test_every_kind_is_listed() -> None:
    done = RUN.invoke(app, ["template", "list"])
    assert done.exit_code == 0
    assert standard().revision in done.output
    for word in ("service-", "agent", "366 d", "12 h", "immediate", "prod*: 1"):
        assert word in done.output
    listed = answer("list")
    assert [each["kind"] for each in listed["templates"]] == list(Kind)
    assert listed["organisation"] is None
    assert all(each["why"].keys() == Settings.model_fields.keys() for each in listed["templates"])


@pytest.mark.parametrize("width", ["40", "80", "200"])
@pytest.mark.parametrize("arguments", [["list"], ["show", "ai-agent"], ["check", "own.yaml"]])
def test_nothing_is_cut_off_whatever_the_width(own: Path, width: str, arguments: list[str]) -> None:
    done = RUN.invoke(app, ["template", *arguments], env={"COLUMNS": width})
    assert done.exit_code == 0
    assert "…" not in done.output


def test_one_is_shown_with_reasons_and_what_is_never_granted() -> None:
    text = RUN.invoke(app, ["template", "show", "ai-agent"]).output
    for word in ("90 d", "iam:PassRole", "sys/*", "sponsor", "other-roles"):
        assert word in text
    assert "organisation" not in text.splitlines()[2]


def test_the_organisations_value_stands_beside_the_standard_one(own: Path) -> None:
    text = RUN.invoke(app, ["template", "show", "pipeline", "--file", str(own)]).output
    for words in ("366 d", "90 d (tightened)", "14 d", "21 d (loosened)", "permitted (loosened)", "money"):
        assert words in text
    assert "Deployments make roles under a boundary." in text
    (shown,) = answer("show", "pipeline", "--file", own)["templates"]
    assert (shown["lifetime_days"], shown["grace_days"]) == (90, 21)
    loosened = {each["setting"] for each in shown["changes"] if each["direction"] == "loosened"}
    assert loosened == {"grace_days", "forbidden.permission-change"}


def test_a_wrong_kind_is_told_with_what_is_near() -> None:
    done = RUN.invoke(app, ["template", "show", "worklod"])
    assert isinstance(done.exception, SpecError)
    assert "did you mean workload?" in str(done.exception)


def test_a_file_without_problems_is_told_with_what_it_changes(own: Path) -> None:
    done = RUN.invoke(app, ["template", "check", str(own)])
    assert done.exit_code == 0
    for words in ("no problems", "organisation 7", "14 → 21 (loosened)", "forbidden → permitted (loosened)"):
        assert words in done.output
    checked = answer("check", own)
    assert checked["problems"] == []
    assert {each["setting"] for each in checked["changes"]} == {
        "lifetime_days", "grace_days", "forbidden.money", "forbidden.permission-change"
    }  # fmt: skip


def test_a_file_that_changes_nothing_is_told(own: Path) -> None:
    own.write_text('version: 1\nrevision: "7"\nkinds: {workload: {lifetime_days: 366, forbid: [pass-role]}}\n')
    assert "nothing differs" in RUN.invoke(app, ["template", "check", str(own)]).output


def test_a_file_with_problems_is_told_with_all_of_them(own: Path) -> None:
    own.write_text("version: 2\nkinds: {workload: {lifetime_days: 0}}\n")
    done = RUN.invoke(app, ["template", "check", str(own)])
    assert done.exit_code == 1
    assert "3 problems" in done.stderr
    as_data = RUN.invoke(app, ["template", "check", str(own), "-o", "json"])
    assert as_data.exit_code == 1
    paths = [each["path"] for each in json.loads(as_data.output)["problems"]]
    assert paths == ["version", "revision", "kinds.workload.lifetime_days"]


def test_marks_of_the_terminal_in_a_file_stay_text(own: Path) -> None:
    text = OWN.replace("Deployments make roles under a boundary.", "'[bold]Deployments[/] make'")
    own.write_text(text.replace('"7"', '"[x]7[/]"'))
    for arguments in (["check", str(own)], ["show", "pipeline", "--file", str(own)]):
        text = RUN.invoke(app, ["template", *arguments]).output
        assert "[bold]Deployments[/] make" in text
        assert "organisation [x]7[/]" in text


def test_the_file_of_the_project_is_checked(own: Path, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: orders\nruntime: python\n")
    own.rename(tmp_path / "nhi-templates.yaml")
    assert answer("check")["file"] == str(tmp_path / "nhi-templates.yaml")
    assert answer("list")["organisation"] == "7"


@pytest.mark.parametrize("arguments", [["check"], ["check", "none.yaml"], ["list", "--file", "none.yaml"]])
def test_without_a_readable_file_nothing_is_called_fine(arguments: list[str]) -> None:
    assert isinstance(RUN.invoke(app, ["template", *arguments]).exception, UnreadableTemplates)


@pytest.mark.parametrize(
    ("content", "command", "code"),
    [(OWN, "check", 0), ("version: 2\n", "check", 1), ("a: 1\na: 2\n", "check", 2), ("version: 2\n", "list --file", 2)],
)
def test_the_exit_codes_are_those_of_the_help(own: Path, content: str, command: str, code: int) -> None:
    own.write_text(content)
    run = [sys.executable, "-m", "nhi_components.cli.main", "template", *command.split(), str(own)]
    done = subprocess.run(run, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)


def test_the_commands_bring_nothing_before_they_are_used() -> None:
    code = "import nhi_components.cli.template, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pydantic", "yaml", "nhi_components.templates", "nhi_components.cli.template_render"} & set(
        done.stdout.split()
    )
