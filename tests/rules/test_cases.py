"""Runs every case of tests/cases/rules, and holds the rules to having cases and documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.findings import Finding
from nhi_components.rules import JudgeConfig, Level, Rule, judge, rules
from nhi_components.rules.documentation import INDEX, pages, write
from tests.rules.reading import CASES, NOW, facts_of_case, facts_of_example, load_cases

FILES = {file.stem: load_cases(file) for file in sorted(CASES.glob("*.yaml"))}
EVERY_CASE = [
    pytest.param({**case, "rule": name}, id=f"{name}: {case['name']}")
    for name, file in FILES.items()
    for case in file["cases"]
]
FEWEST_CASES = 4


def verdict(case: dict[str, Any]) -> list[Finding]:
    return judge(facts_of_case(case), JudgeConfig.parse(case.get("config", {})), NOW)


@pytest.mark.parametrize("case", EVERY_CASE)
def test_the_verdict_is_the_expected_one(case: dict[str, Any]) -> None:
    findings = verdict(case)
    fired = sorted({finding.rule for finding in findings})
    seen = [str(finding) for finding in findings]
    match case["verdict"]:
        case "fires":
            assert case["rule"] in fired, seen
        case "silent":
            assert case["rule"] not in fired, seen
        case "pass":
            assert not fired, seen
        case exactly:
            assert fired == exactly, seen


@pytest.mark.parametrize("case", [case for case in EVERY_CASE if {"at", "got", "severity"} & case.values[0].keys()])
def test_a_finding_says_where_what_and_how_bad(case: dict[str, Any]) -> None:
    findings = verdict(case)
    if "at" in case:
        assert case["at"] in {finding.path for finding in findings}
    if "got" in case:
        assert case["got"] in {finding.got for finding in findings}
    if "severity" in case:
        assert case["severity"] in {finding.severity for finding in findings}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_cases_is_about_its_rule(name: str) -> None:
    file = FILES[name]
    assert file["rule"] == name
    assert name in rules()
    names = [case["name"] for case in file["cases"]]
    assert len(set(names)) == len(names)
    for case in file["cases"]:
        assert case["why"].strip(), case["name"]


@pytest.mark.parametrize("rule_id", rules())
def test_every_rule_has_enough_cases_of_both_kinds(rule_id: str) -> None:
    cases = FILES[rule_id]["cases"]
    failing = [case for case in cases if case["verdict"] == "fires" or rule_id in case["verdict"]]
    passing = [case for case in cases if case["verdict"] in ("pass", "silent")]
    assert len(cases) >= FEWEST_CASES
    assert failing
    assert passing


@pytest.mark.parametrize("rule", rules().values(), ids=rules())
def test_every_rule_documents_itself(rule: Rule) -> None:
    for part in (rule.title, rule.why, rule.fix, rule.bad.text, rule.good.text):
        assert part.strip()
    assert not rule.title.endswith(".")
    assert any(reference.startswith("OWASP NHI") for reference in rule.references)
    assert any(reference.startswith("NIST CSF 2.0 PR.AA") for reference in rule.references)
    assert rule.baseline is not Level.DISABLED


@pytest.mark.parametrize("rule", rules().values(), ids=rules())
def test_the_examples_do_what_they_say(rule: Rule) -> None:
    config = JudgeConfig()
    assert rule.id in {finding.rule for finding in judge(facts_of_example(rule.bad), config, NOW)}
    assert judge(facts_of_example(rule.good), config, NOW) == []


def test_the_documentation_is_the_generated_one() -> None:
    folder = CASES.parents[2] / "docs" / "rules"
    expected = pages()
    written = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.md")}
    fix = "run `python -m nhi_components.rules.documentation docs/rules`"
    assert written == dict(expected), fix
    assert INDEX in written


def test_writing_the_documentation_removes_pages_of_rules_that_are_no_more(tmp_path: Path) -> None:
    stale = tmp_path / "aws.former-rule.md"
    stale.write_text("gone")
    write(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == set(pages())
