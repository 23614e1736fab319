"""docs/templates.md stays true: its commands run, its table is the data, its file does what it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from template_samples import template

from nhi_components.core.identity import Kind
from nhi_components.core.revocation import IMMEDIATE, MINUTES
from nhi_components.templates import templates_in_force
from nhi_components.templates.differences import Direction, approvals_of, differences, value_of
from nhi_components.templates.model import Settings

PAGE = (Path(__file__).parents[3] / "docs/templates.md").read_text(encoding="utf-8")
(COMMANDS,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
(FILE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def row(setting: str) -> str:
    values = []
    for kind in Kind:
        approvals = ", ".join(f"{pattern}: {count}" for pattern, count in approvals_of(template(kind)).items())
        values.append((approvals or "none") if setting == "approvals" else value_of(template(kind), setting))
    return f"| `{setting}` | {' | '.join(values)} |"


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_the_table_is_that_of_the_data(setting: str) -> None:
    assert row(setting) in PAGE.splitlines()


def test_the_columns_are_the_kinds() -> None:
    assert f"|  | {' | '.join(Kind)} |" in PAGE


def test_the_times_of_revocation_are_those_in_force() -> None:
    assert f"`immediate` ({IMMEDIATE.seconds} seconds), `minutes` ({MINUTES.seconds // 60} minutes)" in PAGE


@pytest.mark.parametrize("command", COMMANDS.splitlines())
def test_the_commands_work_as_shown(tmp_path: Path, command: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: orders\nruntime: python\n")
    (tmp_path / "nhi-templates.yaml").write_text(FILE)
    name, *arguments = shlex.split(command, comments=True)
    assert name == "nhi"
    run = [sys.executable, "-m", "nhi_components.cli.main", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "NHI_TEMPLATES"}
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "organisation 2026-11, security board" in done.stdout


def test_the_file_loosens_what_is_said(tmp_path: Path) -> None:
    file = tmp_path / "nhi-templates.yaml"
    file.write_text(FILE)
    found = differences(templates_in_force(file=file))
    loosened = {(each.kind, each.setting, each.organisation) for each in found if each.direction is Direction.LOOSENED}
    assert loosened == {
        (Kind.PIPELINE, "grace_days", "21"),
        (Kind.PIPELINE, "forbidden.permission-change", "permitted"),
    }
    assert {each.setting for each in found} - {"grace_days", "forbidden.permission-change"} == {
        "lifetime_days", "approvals.prod*", "forbidden.exports", "forbidden.money", "forbidden.payroll",
        "forbidden.remote-execution"
    }  # fmt: skip
