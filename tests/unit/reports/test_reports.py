"""Each form of report says everything, in the shape that its readers expect."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from nhi_components.core.findings import Finding, Severity
from nhi_components.reports.folding import folded
from nhi_components.reports.json_form import as_json
from nhi_components.reports.junit import as_junit
from nhi_components.reports.model import Entry, Report, Source
from nhi_components.reports.sarif import as_sarif
from nhi_components.reports.severities import at_least, worse
from nhi_components.reports.table import as_table
from nhi_components.rules import Level, RuleClass
from nhi_components.version import VERSION


def entry(rule: str = "document.unjudged", path: str = "a", file: str = "dir/a b.json", **fields: Any) -> Entry:
    got = fields.pop("got", "an <odd> & \x1b[31m \x00 thing")
    severity = fields.pop("severity", Severity.HIGH)
    resource = fields.pop("resource", file)
    return Entry(Finding(rule, severity, resource, path, got, "something else", "change it"), file, **fields)


REPORT = Report(
    (
        entry(line=7),
        entry("exception.unused", severity=Severity.LOW, level=Level.ADVISORY, file="", resource="orders"),
        entry("document.not-yet-known", severity=Severity.MEDIUM, file="/abs/plan.json", resource="aws_iam_role.a"),
        entry("document.unjudged", severity=Severity.CRITICAL, file="<stdin>"),
    ),
    (Source("dir/a b.json", "AWS policy"), Source("clean.json", "AWS policy"), Source("none.yaml")),
    known=2,
    notes=("a note",),
)


def test_json_has_every_field() -> None:
    document = json.loads(as_json(REPORT))
    assert document["version"] == VERSION
    assert {"aws", "azure", "gcp"} == set(document["data"])
    assert all(document["data"].values())
    assert document["summary"] == {
        "findings": 4,
        "bySeverity": {"critical": 1, "high": 1, "medium": 1, "low": 1},
        "sources": 2,
        "nothingThatGrants": 1,
        "knownToBaseline": 2,
        "fails": True,
        "notes": ["a note"],
    }
    first = document["findings"][0]
    assert first == {
        "rule": "document.unjudged",
        "class": "unjudged",
        "severity": "high",
        "level": "mandatory",
        "resource": "dir/a b.json",
        "path": "a",
        "message": "an <odd> & \x1b[31m \x00 thing; expected something else",
        "got": "an <odd> & \x1b[31m \x00 thing",
        "expected": "something else",
        "fix": "change it",
        "file": "dir/a b.json",
        "line": 7,
        "fingerprint": REPORT.entries[0].fingerprint,
    }
    assert document["findings"][1]["class"] == "metadata"
    assert document["findings"][1]["file"] is None


def test_sarif_has_the_shape_of_the_standard() -> None:
    log = json.loads(as_sarif(REPORT))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "nhi"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids)) == 3
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        if not rule["id"].startswith("exception."):
            assert rule["help"]["text"]
            assert rule["help"]["markdown"]
            assert 0 < float(rule["properties"]["security-severity"]) <= 10
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert len(result["partialFingerprints"]["nhiFinding/v1"]) == 32
        assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
    assert [result["level"] for result in run["results"]] == ["error", "note", "warning", "error"]
    assert run["invocations"][0]["executionSuccessful"] is True


def test_sarif_places_are_relative_and_encoded() -> None:
    results = json.loads(as_sarif(REPORT))["runs"][0]["results"]
    places = [result["locations"][0].get("physicalLocation") for result in results]
    assert places == [
        {"artifactLocation": {"uri": "dir/a%20b.json", "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 7}},
        None,
        {"artifactLocation": {"uri": "file:///abs/plan.json"}, "region": {"startLine": 1}},
        None,
    ]


def test_junit_is_xml_with_a_failure_for_each_finding_and_a_pass_for_what_is_clean() -> None:
    suites = ElementTree.fromstring(as_junit(REPORT))  # noqa: S314 - our own text
    assert suites.attrib == {"name": "nhi lint", "tests": "6", "failures": "4", "errors": "0"}
    names = [suite.attrib["name"] for suite in suites]
    assert names == ["dir/a b.json", "clean.json", "none.yaml", "stack", "/abs/plan.json", "<stdin>"]
    assert len(suites.findall(".//testcase")) == 6
    failures = suites.findall(".//failure")
    assert len(failures) == 4
    assert "fix: change it" in (failures[0].text or "")
    assert failures[0].attrib["type"] == "high unjudged"


def test_the_text_for_people_has_place_and_fix_and_cannot_steer_a_terminal() -> None:
    text = as_table(REPORT)
    assert "\x1b" not in text
    assert "\x00" not in text
    for part in ("dir/a b.json", "(line 7)", "got:      an <odd>", "expected: something else", "fix:      change it"):
        assert part in text
    assert "4 findings (1 critical, 1 high, 1 medium, 1 low) in 2 sources" in text
    assert "1 file holds nothing that grants" in text
    assert "2 findings known to the baseline" in text
    assert text.endswith("a note\n")
    assert "[metadata, advice]" in text
    assert "\x1b[1;31mcritical" in as_table(REPORT, colour=True)


def test_a_clean_report_says_so() -> None:
    clean = Report((), (Source("a.json", "AWS policy"),))
    assert as_table(clean) == "no findings in 1 source\n"
    assert as_table(clean, quiet=True) == ""
    assert json.loads(as_sarif(clean))["runs"][0]["results"] == []
    assert ElementTree.fromstring(as_junit(clean)).attrib["failures"] == "0"  # noqa: S314 - our own text


@pytest.mark.parametrize(
    ("threshold", "level", "fails"),
    [
        (Severity.LOW, Level.MANDATORY, True),
        (Severity.HIGH, Level.MANDATORY, True),
        (Severity.CRITICAL, Level.MANDATORY, False),
        (None, Level.MANDATORY, False),
        (Severity.LOW, Level.ADVISORY, False),
    ],
)
def test_a_report_fails_by_threshold_and_level(threshold: Severity | None, level: Level, fails: bool) -> None:
    assert Report((entry(level=level),), threshold=threshold).fails is fails


def test_severities_have_an_order() -> None:
    assert worse(None, Severity.LOW) is Severity.LOW
    assert worse(Severity.HIGH, Severity.CRITICAL) is Severity.CRITICAL
    assert worse(Severity.HIGH, Severity.LOW) is Severity.HIGH
    assert at_least(Severity.HIGH, Severity.MEDIUM)
    assert not at_least(Severity.LOW, Severity.MEDIUM)


def test_a_fingerprint_survives_moves_and_tells_findings_apart() -> None:
    known = entry(path="Statement[0].Action[1]").fingerprint
    assert entry(path="Statement[3].Action[0]", line=9).fingerprint == known
    others = {
        entry(path="Statement[0].Resource[1]").fingerprint,
        entry("document.not-yet-known", path="Statement[0].Action[1]").fingerprint,
        entry(path="Statement[0].Action[1]", file="b.json").fingerprint,
        entry(path="Statement[0].Action[1]", got="other").fingerprint,
    }
    assert len(others | {known}) == 5
    assert (
        entry(file="a", resource="r", addressed=True).fingerprint
        == entry(file="b", resource="r", addressed=True).fingerprint
    )


def folds(*given: tuple[str, str]) -> list[tuple[str, list[str]]]:
    entries = [entry(rule, path) for rule, path in given]
    return [(fold.entry.finding.rule, [other.finding.rule for other in fold.following]) for fold in folded(entries)]


def test_what_follows_from_admin_at_the_same_place_is_folded() -> None:
    assert folds(
        ("aws.wildcard-action", "p.Statement[0].Action[0]"),
        ("aws.admin", "p.Statement[0].Action[0]"),
        ("aws.wildcard-resource", "p.Statement[0].Resource"),
        ("aws.escalation", "p.Statement"),
        ("aws.wildcard-action", "p.Statement[1].Action"),
        ("document.unjudged", "p.Statement[0].Action[0]"),
    ) == [
        ("aws.admin", ["aws.wildcard-action", "aws.wildcard-resource", "aws.escalation"]),
        ("aws.wildcard-action", []),
        ("document.unjudged", []),
    ]


def test_without_admin_nothing_is_folded() -> None:
    assert len(folds(("aws.wildcard-action", "p"), ("aws.wildcard-resource", "p"))) == 2


def test_two_admins_at_one_place_are_both_shown() -> None:
    assert [rule for rule, _ in folds(("aws.admin", "p"), ("aws.admin", "p"))] == ["aws.admin", "aws.admin"]


def test_every_class_has_its_place_in_or_out_of_the_fold() -> None:
    from nhi_components.reports.folding import FOLLOWING

    apart = {"admin", "public-principal", "trust", "oidc-trust", "default-account", "static-credential"}
    assert {*FOLLOWING} | apart | {"metadata", "unjudged"} == set(RuleClass)
