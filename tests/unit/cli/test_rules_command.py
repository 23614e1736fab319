"""`nhi rules`: the rules in the terminal, as the documentation has them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from nhi_components.cli.app import app
from nhi_components.core.errors import SpecError
from nhi_components.rules import rules
from nhi_components.rules.documentation import pages

RUN = CliRunner()


def test_every_rule_is_listed() -> None:
    text = RUN.invoke(app, ["rules", "list"]).output
    assert [line.split()[0] for line in text.splitlines()] == list(rules())


def test_rules_are_listed_by_class_and_as_json() -> None:
    done = RUN.invoke(app, ["rules", "list", "--class", "admin", "-o", "json"])
    listed = json.loads(done.output)["rules"]
    assert listed
    assert {rule["class"] for rule in listed} == {"admin"}
    assert set(listed[0]) == {
        "id", "class", "severity", "baseline", "title", "why", "fix", "bad", "good", "references", "sources"
    }  # fmt: skip


def test_a_rule_is_shown_as_its_page() -> None:
    assert RUN.invoke(app, ["rules", "show", "aws.admin"]).output == pages()["aws.admin.md"]
    assert json.loads(RUN.invoke(app, ["rules", "show", "aws.admin", "-o", "json"]).output)["id"] == "aws.admin"


@pytest.mark.parametrize("arguments", [["show", "aws.admn"], ["show", "nonsense"], ["list", "--class", "nonsense"]])
def test_a_wrong_name_is_told_with_what_is_near(arguments: list[str]) -> None:
    done = RUN.invoke(app, ["rules", *arguments])
    assert isinstance(done.exception, SpecError)
    assert "fix:" in str(done.exception)
    if arguments[1] == "aws.admn":
        assert "aws.admin" in str(done.exception)


def test_lint_is_among_the_commands_and_takes_its_own_options() -> None:
    assert "lint" in RUN.invoke(app, ["--help"]).output
    done = RUN.invoke(app, ["lint", "--help"])
    assert "--write-baseline" in done.output
    assert done.exit_code == 0
