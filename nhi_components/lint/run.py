"""Runs the linter over files or a stack, and puts everything into one report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.findings import Severity
from nhi_components.facts import DocumentKind, Platform
from nhi_components.facts.files import of_pulumi
from nhi_components.lint.baseline import new_entries, read_baseline, write_baseline
from nhi_components.lint.files import FileJudge, Linted
from nhi_components.lint.inputs import inputs_at
from nhi_components.lint.settings import Wanted
from nhi_components.lint.spellings import kind_called, platform_called
from nhi_components.reports.model import Report
from nhi_components.reports.words import counted
from nhi_components.rules import JudgeConfig


@dataclass(frozen=True, slots=True)
class LintOptions:
    """How a run goes.

    Attributes:
        config: of the rules.
        wanted: which findings.
        threshold: the mildest severity that fails; None for none.
        baseline: a file of known findings.
        new_baseline: a file to write the findings to, as known from now on.
    """

    config: JudgeConfig = field(default_factory=JudgeConfig)
    wanted: Wanted = field(default_factory=Wanted)
    threshold: Severity | None = Severity.LOW
    baseline: Path | None = None
    new_baseline: Path | None = None


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How files are read.

    Attributes:
        kind: what every file is, instead of recognising it.
        cloud: whose documents they are; needed for kinds that several clouds have.
        skip_unrecognised: a file that somebody named and that holds nothing that grants is no finding.
    """

    kind: str | None = None
    cloud: str | None = None
    skip_unrecognised: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """A report, and how many resources were not judged by a fault of ours."""

    report: Report
    faults: int


def lint_files(paths: Sequence[str], options: LintOptions, now: datetime, how: FileOptions | None = None) -> Outcome:
    """Judge files and folders.

    Args:
        paths: as `inputs_at` takes them.
        options: how they are judged.
        now: this moment (aware).
        how: how they are read.

    Raises:
        SpecError: for a path that does not exist, a wrong word, or a file that is no baseline.
    """
    how = how or FileOptions()
    kind, platform = _said(how.kind, how.cloud)
    judge = FileJudge(options.config, options.wanted, now)
    for given in inputs_at(paths, skip_unrecognised=how.skip_unrecognised):
        judge.text(given, kind, platform)
    return _outcome(judge, options)


def lint_stack(name: str, export: Mapping[str, Any], options: LintOptions, now: datetime) -> Outcome:
    """Judge a live stack from its export."""
    from nhi_components.facts.chain.stack_links import told_by
    from nhi_components.facts.stack_export import resources_of_export

    judge = FileJudge(options.config, options.wanted, now)
    judge.content("", of_pulumi(f"Pulumi stack {name}", resources_of_export(export), told_by(export)))
    return _outcome(judge, options)


def _outcome(judge: FileJudge, options: LintOptions) -> Outcome:
    linted = judge.linted
    entries, known, notes = [*linted.entries, *judge.stale_exceptions()], 0, _notes(linted)
    if options.new_baseline is not None:
        write_baseline(options.new_baseline, entries)
        notes.append(f"{counted(len(entries), 'finding')} written to {options.new_baseline} as known")
        entries, known = [], len(entries)
    elif options.baseline is not None:
        new, gone = new_entries(entries, read_baseline(options.baseline))
        entries, known = new, len(entries) - len(new)
        if gone:
            fix = f"take them out of {options.baseline} with --write-baseline"
            notes.append(f"no more found, of the baseline: {counted(gone, 'finding')}; {fix}")
    report = Report(tuple(entries), tuple(linted.sources), options.threshold, known, tuple(notes))
    return Outcome(report, linted.faults)


def _notes(linted: Linted) -> list[str]:
    if not linted.not_read:
        return []
    sources = counted(linted.not_read, "Terraform source")
    return [f"{sources} passed over; lint the plan, that `terraform show -json` writes"]


def _said(kind: str | None, cloud: str | None) -> tuple[DocumentKind | None, Platform | None]:
    problems = []
    document_kind, platform = kind_called(kind), platform_called(cloud)
    if kind is not None and document_kind is None:
        problems.append(Problem("--kind", kind, f"one of {', '.join(DocumentKind)}", "correct the name"))
    if cloud is not None and platform is None:
        problems.append(Problem("--cloud", cloud, f"one of {', '.join(Platform)}", "correct the name"))
    if cloud is not None and kind is None:
        problems.append(Problem("--cloud", "no --kind", "both, or neither", "say with --kind what the files are"))
    alone = document_kind in (DocumentKind.VAULT_POLICY, DocumentKind.KUBERNETES_ROLE)
    if document_kind is not None and cloud is None and not alone:
        problems.append(Problem("--kind", "no --cloud", "both", "say with --cloud whose documents the files are"))
    if problems:
        raise SpecError("nhi lint", problems)
    return document_kind, platform
