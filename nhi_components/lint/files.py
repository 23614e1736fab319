"""Judges what files hold, resource by resource."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Fact, Facts, Platform, Resource, Unjudged
from nhi_components.facts.chain.reading import graph_of
from nhi_components.facts.files import Content, Reading, read_text, unjudged
from nhi_components.facts.signs import text_looks_like_grant
from nhi_components.lint.guard import INTERNAL, guarded
from nhi_components.lint.inputs import Input
from nhi_components.lint.places import Places
from nhi_components.lint.settings import Wanted
from nhi_components.reports.classes import rule_named
from nhi_components.reports.model import Entry, Source
from nhi_components.rules import Judge, JudgeConfig, Level

_ROOT = re.compile(r"document(?:\[(\d+)\])?")
_SOURCE_SUFFIXES = (".tf", ".tofu")


@dataclass(slots=True)
class Linted:
    """What has been found so far.

    Attributes:
        entries: the findings.
        sources: what was looked at.
        not_read: Terraform sources that were come across; their plan is linted instead.
        faults: resources that were not judged by a fault of ours.
    """

    entries: list[Entry] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    not_read: int = 0
    faults: int = 0


class FileJudge:
    """Judges contents under one configuration, and keeps count of the exceptions that they used."""

    def __init__(self, config: JudgeConfig, wanted: Wanted, now: datetime) -> None:
        self._config = config
        self._judge = Judge(config)
        self._wanted = wanted
        self._now = now
        self._used: list[object] = []
        self.linted = Linted()

    def text(self, given: Input, kind: DocumentKind | None = None, platform: Platform | None = None) -> None:
        """Judge one text; `kind` and `platform` say what it is, where somebody said so."""
        if not given.named and given.name.endswith(_SOURCE_SUFFIXES):
            self.linted.not_read += 1
            return
        content = self._content(given, kind, platform)
        self.content(given.name, content, Places(given.text))

    def content(self, file: str, content: Content, places: Places | None = None) -> None:
        """Judge what was read."""
        self.linted.sources.append(Source(file, content.form))
        for reading in content.readings:
            for finding in self._findings(reading, content):
                if finding.rule in self._wanted:
                    line = _line(finding, reading, places) if places and not content.addressed else None
                    entry = Entry(finding, file, line, self._level(finding), content.addressed)
                    self.linted.entries.append(entry)
        if content.parts:
            self._together(file, content)

    def _together(self, file: str, content: Content) -> None:
        """Judge what the identities of one plan or stack may do with each other's permissions."""
        whole = Resource(content.form, "stack")
        facts: tuple[Fact, ...] = guarded(lambda: (graph_of(content.parts, whole),), lambda: self._not_together(whole))
        reading = Reading(whole, facts)
        for finding in self._findings(reading, content):
            if finding.rule in self._wanted:
                self.linted.entries.append(Entry(finding, file, None, self._level(finding), content.addressed))

    def _not_together(self, whole: Resource) -> tuple[Fact, ...]:
        self.linted.faults += 1
        fix = "report it, with the plan or stack if you may"
        return (Unjudged(whole, "", INTERNAL, "identities that can be judged together", fix),)

    def stale_exceptions(self) -> Iterator[Entry]:
        """Report exceptions that have ended, or that permitted nothing in everything that was judged."""
        if self._config.exceptions:
            from nhi_components.core.rule_exception import stale_exceptions

            used = [exception for exception in self._config.exceptions if exception in self._used]
            for finding in stale_exceptions(self._config.exceptions, used, self._now):
                if finding.rule in self._wanted:
                    yield Entry(finding, level=self._level(finding), addressed=True)

    def _level(self, finding: Finding) -> Level:
        rule = rule_named(finding.rule)
        return Level.ADVISORY if rule is None else self._config.level_of_rule(rule)

    def _content(self, given: Input, kind: DocumentKind | None, platform: Platform | None) -> Content:
        if given.problem:
            return Content("unreadable file", [unjudged(given.name, given.problem, "correct it, or leave it out")])
        content = guarded(
            lambda: read_text(given.name, given.text, kind=kind, platform=platform), lambda: self._fault(given.name)
        )
        if content.form or (not given.named and not (content.problem and text_looks_like_grant(given.text))):
            return content
        if content.problem:
            return Content("unreadable file", [unjudged(given.name, content.problem, "correct it, or leave it out")])
        return Content("unknown file", [unjudged(given.name, "nothing that is known here to grant")])

    def _fault(self, name: str) -> Content:
        self.linted.faults += 1
        return Content("unreadable file", [unjudged(name, INTERNAL, "report it, with the file if you may")])

    def _findings(self, reading: Reading, content: Content) -> Iterable[Finding]:
        facts = Facts(reading.facts, content.surroundings)
        findings = guarded(lambda: self._judge.find(facts, self._now), lambda: self._not_judged(reading))
        if not findings or not self._config.exceptions:
            return findings
        from nhi_components.core.rule_exception import excuse

        outcome = excuse(findings, self._config.exceptions, self._now)
        self._used += outcome.used
        return outcome.findings

    def _not_judged(self, reading: Reading) -> list[Finding]:
        self.linted.faults += 1
        fix = "report it, with the resource if you may"
        return [Finding("document.unjudged", Severity.HIGH, reading.resource.name, "", INTERNAL, "a verdict", fix)]


def _line(finding: Finding, reading: Reading, places: Places) -> int | None:
    path = finding.path
    begins = reading.lines[0] if reading.lines else None
    several = len(reading.lines) > 1
    if root := _ROOT.match(path):
        if several and root[1]:
            begins = reading.lines[int(root[1])] if int(root[1]) < len(reading.lines) else begins
        is_first = several and root[1] == "0"
        path = (path[root.end() :] if is_first else path.removeprefix("document")).removeprefix(".")
    joined = f"{reading.place}.{path}" if reading.place and path else reading.place or path
    return (places.line(joined) if joined else None) or begins
