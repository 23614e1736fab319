"""Text for people: by file and resource, each finding with place, got, expected and fix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from nhi_components.core.findings import Severity
from nhi_components.reports.folding import Fold, folded
from nhi_components.reports.model import Entry, Report
from nhi_components.reports.words import counted, shown
from nhi_components.rules import Level

_Paint = Callable[[str, str], str]
_COLOURS = {Severity.CRITICAL: "1;31", Severity.HIGH: "31", Severity.MEDIUM: "33", Severity.LOW: "36"}


def as_table(report: Report, *, colour: bool = False, quiet: bool = False) -> str:
    """Write a report for people.

    Args:
        report: what was found.
        colour: use ANSI colours.
        quiet: leave out the summary.
    """
    paint = _painted if colour else _plain
    lines: list[str] = []
    for file, of_file in groupby(report.entries, key=lambda entry: entry.file):
        for resource, entries in groupby(of_file, key=lambda entry: entry.finding.resource):
            lines += [paint(_heading(file, resource), "1")]
            lines += [line for fold in folded(entries) for line in _finding(fold, paint)]
            lines += [""]
    if not quiet:
        lines += list(_summary(report))
    return "".join(f"{line}\n" for line in lines)


def _heading(file: str, resource: str) -> str:
    return shown(resource if not file or resource.startswith(file) else f"{file}: {resource}")


def _finding(fold: Fold, paint: _Paint) -> Iterator[str]:
    entry = fold.entry
    finding = entry.finding
    place = finding.path or "the whole resource"
    line = f" (line {entry.line})" if entry.line else ""
    advice = ", advice" if entry.level is Level.ADVISORY else ""
    severity = paint(finding.severity, _COLOURS[finding.severity])
    yield f"  {severity} {paint(finding.rule, '1')} [{entry.rule_class}{advice}] {shown(place)}{line}"
    yield f"    got:      {shown(finding.got)}"
    yield f"    expected: {shown(finding.expected)}"
    yield f"    fix:      {shown(finding.fix)}"
    if fold.following:
        yield f"    and what follows from it: {_listed(fold.following)}"


def _listed(entries: Iterable[Entry]) -> str:
    return ", ".join(dict.fromkeys(f"{entry.finding.rule} [{entry.rule_class}]" for entry in entries))


def _summary(report: Report) -> Iterator[str]:
    judged = len(report.sources) - report.silent
    if report.entries:
        counts = ", ".join(f"{count} {severity}" for severity, count in report.by_severity().items())
        yield f"{counted(len(report.entries), 'finding')} ({counts}) in {counted(judged, 'source')}"
    else:
        yield f"no findings in {counted(judged, 'source')}"
    if report.silent:
        yield f"{counted(report.silent, 'file')} {'holds' if report.silent == 1 else 'hold'} nothing that grants"
    if report.known:
        yield f"{counted(report.known, 'finding')} known to the baseline"
    yield from report.notes


def _painted(text: str, colour: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m"


def _plain(text: str, colour: str) -> str:
    return text
