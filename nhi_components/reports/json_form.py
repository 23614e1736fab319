"""JSON for programs."""

from __future__ import annotations

import json
from typing import Any

from nhi_components.reports.model import Entry, Report
from nhi_components.reports.versions import data_versions
from nhi_components.version import VERSION


def as_json(report: Report) -> str:
    """Write a report as one JSON object with `findings`, `summary`, `version` and `data`."""
    document = {
        "findings": [_finding(entry) for entry in report.entries],
        "summary": {
            "findings": len(report.entries),
            "bySeverity": report.by_severity(),
            "sources": len(report.sources) - report.silent,
            "nothingThatGrants": report.silent,
            "knownToBaseline": report.known,
            "fails": report.fails,
            "notes": list(report.notes),
        },
        "version": VERSION,
        "data": data_versions(),
    }
    return json.dumps(document, indent=2) + "\n"


def _finding(entry: Entry) -> dict[str, Any]:
    finding = entry.finding
    return {
        "rule": finding.rule,
        "class": entry.rule_class.value,
        "severity": finding.severity.value,
        "level": entry.level.value,
        "resource": finding.resource,
        "path": finding.path,
        "message": entry.message,
        "got": finding.got,
        "expected": finding.expected,
        "fix": finding.fix,
        "file": entry.file or None,
        "line": entry.line,
        "fingerprint": entry.fingerprint,
    }
