"""What a report tells, whoever found it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from nhi_components.core.findings import Finding, Severity
from nhi_components.reports.classes import class_of
from nhi_components.reports.severities import at_least
from nhi_components.rules import Level, RuleClass

_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding and where it was found.

    Attributes:
        finding: the verdict.
        file: the path as it was given, with `/`; `<stdin>` for standard input; empty for a live stack.
        line: the line, from 1; None when it is not known.
        level: whether it must be heeded, or is advice.
        addressed: its resource has an address of its own, whatever the file is called.
    """

    finding: Finding
    file: str = ""
    line: int | None = None
    level: Level = Level.MANDATORY
    addressed: bool = False

    @property
    def rule_class(self) -> RuleClass:
        """The class of its rule."""
        return class_of(self.finding.rule)

    @property
    def message(self) -> str:
        """What stands there and what is expected, in one sentence."""
        return f"{self.finding.got}; expected {self.finding.expected}"

    @property
    def fingerprint(self) -> str:
        """What stays the same when lines move or members of a list change places: 32 hexadecimal digits."""
        from hashlib import sha256

        finding = self.finding
        place = (finding.rule, "" if self.addressed else self.file, finding.resource, _INDEX.sub("[]", finding.path))
        return sha256("\0".join((*place, finding.got)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Source:
    """Something that was looked at.

    Attributes:
        file: as in `Entry`.
        form: what it is, such as `Terraform plan`; empty for what holds nothing that grants.
    """

    file: str
    form: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one run found.

    Attributes:
        entries: the findings, in the order of the sources.
        sources: what was looked at, in order.
        threshold: the mildest severity that fails; None when nothing does.
        known: how many findings the baseline knows, which are left out here.
        notes: what else must be told, in sentences without a full stop.
    """

    entries: tuple[Entry, ...]
    sources: tuple[Source, ...] = ()
    threshold: Severity | None = Severity.LOW
    known: int = 0
    notes: tuple[str, ...] = ()

    @property
    def fails(self) -> bool:
        """Whether something must be heeded that is at or above the threshold."""
        return self.threshold is not None and any(
            entry.level is Level.MANDATORY and at_least(entry.finding.severity, self.threshold)
            for entry in self.entries
        )

    @property
    def silent(self) -> int:
        """How many sources hold nothing that grants."""
        return sum(not source.form for source in self.sources)

    def by_severity(self) -> dict[str, int]:
        """Count the findings by severity, the worst first."""
        counts = Counter(entry.finding.severity for entry in self.entries)
        return {severity.value: counts[severity] for severity in Severity if counts[severity]}
