"""The engine of the rules: order, levels, registration, configuration."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.findings import Severity
from nhi_components.facts import DocumentKind, Facts, read_document
from nhi_components.rules import Example, JudgeConfig, Level, Mode, RuleClass, find, judge, rule, rules

NOW = datetime(2026, 1, 15, tzinfo=UTC)
SECONDS = 5
"""Backtracking would need years; a slow and busy machine needs a second."""

ADMIN = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def facts(*names: str) -> Facts:
    return Facts([fact for name in names for fact in read_document(DocumentKind.POLICY_DOCUMENT, name, ADMIN)])


def test_findings_are_ordered_by_resource_place_and_rule() -> None:
    found = [(finding.resource, finding.path, finding.rule) for finding in find(facts("b", "a"), JudgeConfig(), NOW)]
    assert found == sorted(found)
    assert {resource for resource, _, _ in found} == {"a", "b"}
    assert len(found) == len(set(found)) > 4


def test_a_disabled_rule_is_not_run() -> None:
    every = {finding.rule for finding in find(facts("a"), JudgeConfig(), NOW)}
    config = JudgeConfig(levels={"aws.wildcard-action": Level.DISABLED})
    assert {finding.rule for finding in find(facts("a"), config, NOW)} == every - {"aws.wildcard-action"}
    assert "aws.wildcard-action" in every


def test_strict_makes_every_rule_mandatory_but_for_what_is_configured() -> None:
    config = JudgeConfig(mode=Mode.STRICT, levels={"document.unjudged": Level.ADVISORY})
    levels = {rule_id: config.level_of(rule_id) for rule_id in rules()}
    assert levels.pop("document.unjudged") is Level.ADVISORY
    assert set(levels.values()) == {Level.MANDATORY}


def test_judging_reports_exceptions_that_permit_nothing() -> None:
    given = {"rule": "aws.not-action", "resource": "a", "reason": "migration", "approver": "ab", "ends": "2026-02-01"}
    found = {finding.rule for finding in judge(facts("a"), JudgeConfig.parse({"exceptions": [given]}), NOW)}
    assert found == {finding.rule for finding in find(facts("a"), JudgeConfig(), NOW)} | {"exception.unused"}


@pytest.mark.parametrize(
    "fields", [{"levels": {"aws.wildcard": "advisory"}}, {"governed": ["Role"]}, {"tags": {"owner": ""}}]
)
def test_a_bad_configuration_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(SpecError):
        JudgeConfig.parse(fields)


def test_an_exception_to_a_rule_that_does_not_exist_is_refused() -> None:
    given = {"rule": "aws.no-such-rule", "resource": "a", "reason": "migration", "approver": "ab", "ends": "2026-02-01"}
    with pytest.raises(SpecError, match=r"exceptions\[0\]"):
        JudgeConfig.parse({"exceptions": [given]})


def test_an_id_is_registered_once() -> None:
    taken = next(iter(rules().values()))
    with pytest.raises(ValueError, match="twice"):
        rule(
            id=taken.id,
            rule_class=RuleClass.ADMIN,
            severity=Severity.LOW,
            about=(),
            title="t",
            why="w",
            fix="f",
            bad=Example(""),
            good=Example(""),
            references=(),
        )(lambda this, facts, config, now: iter(()))


def test_the_configuration_in_the_documentation_is_a_good_one() -> None:
    page = Path(__file__).parents[2] / "docs" / "rules" / "README.md"
    text = page.read_text(encoding="utf-8").partition("```json\n")[2].partition("```")[0]
    assert JudgeConfig.parse(json.loads(text)["nhi-required"]).exceptions


def test_judging_a_document_compiles_no_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    judge(facts("warm"), JudgeConfig(), NOW)

    def refuse(*_: object) -> None:
        raise AssertionError("a pattern was compiled")

    monkeypatch.setattr(re, "_compile", refuse)
    assert judge(facts("a"), JudgeConfig(), NOW)


@pytest.mark.parametrize("hostile", ["sqs:" + "*?" * 50_000, "*" * 100_000, "a" * 100_000])
def test_hostile_wildcards_are_judged_in_linear_time(hostile: str) -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": hostile, "Resource": f"arn:aws:sqs:::{hostile}"}] * 50}
    started = time.process_time()
    find(Facts(read_document(DocumentKind.POLICY_DOCUMENT, "a", document)), JudgeConfig(), NOW)
    assert time.process_time() - started < SECONDS


def test_rules_that_run_together_find_what_each_finds_alone() -> None:
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": "*"} for action in ("iam:*", "s3:Get*", "sqs:Send*")
    ]
    given = Facts(read_document(DocumentKind.POLICY_DOCUMENT, "a", {"Statement": statements}))
    config = JudgeConfig()
    together = [known for known in rules().values() if known.together is not None]
    alone = {finding for known in together for finding in known.check(given, config, NOW)}
    names = {known.id for known in together}
    assert len(names) > 1
    assert {finding for finding in find(given, config, NOW) if finding.rule in names} == alone != set()
