"""`nhi paths` by its command line."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from nhi_components.cli.app import app
from nhi_components.core.errors import SpecError
from nhi_components.lint.run import LintOptions, lint_files
from tests.rules.reading import NOW

PLAN = Path(__file__).parent.parent / "fixtures" / "chains" / "plan.json"
WORDS = "orders-ci may assume orders-deploy (its trust admits the account), which is administrator (* on *)"


def run(*arguments: str, code: int) -> str:
    result = CliRunner().invoke(app, ["paths", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout


def test_ways_are_trees_of_text() -> None:
    text = run(str(PLAN), code=1)
    assert text.startswith(
        "orders-ci [role] aws_iam_role.ci\n└─ may assume orders-deploy (its trust admits the account)\n"
    )
    assert "is administrator (* on *)" in text
    assert text.endswith("1 path to an administrator, among 2 identities\n")


def test_ways_are_json() -> None:
    given = json.loads(run(str(PLAN), "--output", "json", code=1))
    (path,) = given["paths"]
    assert path["words"] == WORDS
    assert path["steps"][0]["place"].startswith("data.aws_iam_policy_document.ci ")
    assert (given["complete"], given["unlinked"]) == (True, [])


@pytest.mark.parametrize(
    ("form", "step"),
    [
        ("mermaid", 'n0 -->|"assume: its trust admits the account"| n1'),
        ("dot", 'n0 -> n1 [label="assume: its trust admits the account"];'),
    ],
)
def test_ways_are_pictures_in_text(form: str, step: str) -> None:
    assert step in run(str(PLAN), "--output", form, code=1)


def test_a_drawing_is_well_formed() -> None:
    drawing = ElementTree.fromstring(run(str(PLAN), "--output", "svg", code=1))  # noqa: S314 - our own text
    texts = {element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")}
    assert {"orders-ci", "orders-deploy", "assume"} <= texts


def test_names_cannot_break_out_of_a_picture(tmp_path: Path) -> None:
    hostile = PLAN.read_text(encoding="utf-8").replace('"name": "orders-deploy"', r'"name": "a\"];<b>\nx]"')
    file = tmp_path / "plan.json"
    file.write_text(hostile, encoding="utf-8")
    for form in ("mermaid", "dot", "svg", "text"):
        text = run(str(file), "--output", form, code=1)
        assert '"];<b>' not in text.replace('\\"];<b>', "") or form == "text"
        assert "<b>\nx" not in text


def test_only_one_identity_is_asked_for() -> None:
    assert "1 path" in run(str(PLAN), "--from", "orders-ci", code=1)
    assert "1 path" in run(str(PLAN), "--from", "aws_iam_role.ci", code=1)


def test_an_identity_that_is_not_there_is_told_with_those_near() -> None:
    result = CliRunner().invoke(app, ["paths", str(PLAN), "--from", "orders-c"])
    assert isinstance(result.exception, SpecError)
    assert "choose among orders-ci" in str(result.exception)


def test_no_way_is_success(tmp_path: Path) -> None:
    plan = json.loads(PLAN.read_text(encoding="utf-8"))
    plan["planned_values"]["root_module"]["child_modules"][0]["resources"].pop(1)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan), encoding="utf-8")
    assert run(str(file), code=0) == "0 paths to an administrator, among 2 identities\n"


def test_several_files_keep_their_names_apart(tmp_path: Path) -> None:
    copy = tmp_path / "copy.json"
    copy.write_bytes(PLAN.read_bytes())
    given = json.loads(run(str(PLAN), str(copy), "--output", "json", code=1))
    assert given["identities"] == 4
    assert {path["from"]["resource"] for path in given["paths"]} == {
        f"{file.as_posix()}: aws_iam_role.ci" for file in (PLAN, copy)
    }


@pytest.mark.parametrize("arguments", [[], ["--stack", "dev", "plan.json"]])
def test_one_source_is_needed(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["paths", *arguments])
    assert isinstance(result.exception, SpecError)


def test_a_file_without_identities_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_text("{", encoding="utf-8")
    result = CliRunner().invoke(app, ["paths", str(file)])
    assert isinstance(result.exception, SpecError)
    assert "notes.json" in str(result.exception)


def test_linting_a_plan_judges_its_identities_together() -> None:
    outcome = lint_files([str(PLAN)], LintOptions(), NOW)
    (found,) = [entry for entry in outcome.report.entries if entry.finding.rule == "chain.path-to-admin"]
    assert found.finding.resource == "aws_iam_role.ci"
    assert found.finding.got == WORDS
    assert found.rule_class == "escalation"
    assert not outcome.faults
