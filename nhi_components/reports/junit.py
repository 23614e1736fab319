"""JUnit XML, as test reports of CI systems read it: a suite for each file, a case for each finding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from nhi_components.reports.model import Entry, Report, Source

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(report: Report) -> str:
    """Write a report as JUnit XML; what was looked at and has no findings is a case that passes."""
    sources = {source.file: source for source in report.sources}
    for entry in report.entries:
        sources.setdefault(entry.file, Source(entry.file))
    suites = [line for source in sources.values() for line in _suite(source, report.entries)]
    count, cases = len(report.entries), _cases(report, sources)
    head = f'<testsuites name="nhi lint" tests="{cases}" failures="{count}" errors="0">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>", ""])


def _cases(report: Report, sources: dict[str, Source]) -> int:
    with_findings = {entry.file for entry in report.entries}
    return len(report.entries) + len(sources.keys() - with_findings)


def _suite(source: Source, entries: tuple[Entry, ...]) -> Iterator[str]:
    here = [entry for entry in entries if entry.file == source.file]
    name = _attribute(source.file or "stack")
    yield f'  <testsuite name={name} tests="{len(here) or 1}" failures="{len(here)}" errors="0">'
    if not here:
        yield f"    <testcase classname={name} name={_attribute(source.form or 'nothing that grants')}/>"
    for entry in here:
        finding = entry.finding
        place = f"{finding.rule}: {finding.resource} {finding.path}".strip()
        details = f"got: {finding.got}\nexpected: {finding.expected}\nfix: {finding.fix}"
        kind = f"{finding.severity} {entry.rule_class}"
        yield f"    <testcase classname={name} name={_attribute(place)}>"
        yield f"      <failure type={_attribute(kind)} message={_attribute(entry.message)}>{_text(details)}</failure>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _attribute(text: str) -> str:
    return quoteattr(_NOT_IN_XML.sub("\ufffd", text))


def _text(text: str) -> str:
    return escape(_NOT_IN_XML.sub("\ufffd", text))
