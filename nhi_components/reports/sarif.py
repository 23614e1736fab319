"""SARIF 2.1.0, for code scanning.

Source: OASIS, 'Static Analysis Results Interchange Format (SARIF) Version 2.1.0', and GitHub's documentation, 'SARIF
support for code scanning', for `security-severity`.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from nhi_components.core.findings import Severity
from nhi_components.reports.classes import class_of, rule_named
from nhi_components.reports.model import Entry, Report
from nhi_components.reports.versions import data_versions
from nhi_components.version import VERSION

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
_SCORES: Final = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}


def as_sarif(report: Report) -> str:
    """Write a report as one SARIF log with one run; its rules are those that found something."""
    rules = sorted({entry.finding.rule for entry in report.entries})
    order = {rule: index for index, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "nhi",
                "semanticVersion": VERSION,
                "version": VERSION,
                "rules": [_rule(rule) for rule in rules],
                "properties": {"data": data_versions()},
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(entry, order) for entry in report.entries],
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [{"level": "note", "message": {"text": note}} for note in report.notes],
            }
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule_id: str) -> dict[str, Any]:
    rule = rule_named(rule_id)
    tags = ["security", "identity", class_of(rule_id).value]
    if rule is None:
        text = "What is wrong with an exception to a rule"
        return {"id": rule_id, "shortDescription": {"text": text}, "properties": {"tags": tags}}
    written = {
        "id": rule_id,
        "name": "".join(part.capitalize() for part in rule_id.replace(".", "-").split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": f"{rule.why}\n\nFix: {rule.fix}.",
            "markdown": f"{rule.why}\n\n**Fix**: {rule.fix}.\n\n"
            + "".join(f"- {reference}\n" for reference in (*rule.references, *rule.sources)),
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": tags, "precision": "high", "security-severity": _SCORES[rule.severity]},
    }
    address = next((source for source in rule.sources if source.startswith("https://") and " " not in source), None)
    return {**written, "helpUri": address} if address else written


def _result(entry: Entry, order: dict[str, int]) -> dict[str, Any]:
    finding = entry.finding
    place = f"{finding.resource} {finding.path}".strip()
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": place}]}
    if entry.file and not entry.file.startswith("<"):
        location["physicalLocation"] = {
            "artifactLocation": _artifact(entry.file),
            "region": {"startLine": entry.line or 1},
        }
    return {
        "ruleId": finding.rule,
        "ruleIndex": order[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{place}: {entry.message}. Fix: {finding.fix}."},
        "locations": [location],
        "partialFingerprints": {"nhiFinding/v1": entry.fingerprint},
        "properties": {"class": entry.rule_class.value, "severity": finding.severity.value, "level": entry.level.value},
    }


def _artifact(file: str) -> dict[str, str]:
    path = PurePosixPath(file)
    if path.is_absolute():
        return {"uri": "file://" + quote(file)}
    return {"uri": quote(path.as_posix()), "uriBaseId": "%SRCROOT%"}
