"""`nhi lint`: what do these documents, files or stacks grant that they should not?"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nhi_components.core.findings import Severity
    from nhi_components.lint.run import LintOptions, Outcome
    from nhi_components.reports.model import Report
    from nhi_components.rules import JudgeConfig

FINDINGS, WRONG_INPUT, FAULT = 1, 2, 3


class Format(StrEnum):
    """How the input comes."""

    FILES = "files"
    JSONL = "jsonl"


class ReportForm(StrEnum):
    """How the findings are told."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"


class Threshold(StrEnum):
    """How bad a finding must be to fail the command."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
    NEVER = "never"


def lint(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Files and folders; - is standard input.")
    ] = None,
    stack: Annotated[str | None, typer.Option("--stack", "-s", help="Judge this live Pulumi stack instead.")] = None,
    directory: Annotated[Path, typer.Option("--cwd", help="The stack's project.", file_okay=False)] = Path(),
    input_format: Annotated[
        Format, typer.Option("--format", "-f", help="jsonl: documents line by line on standard input.")
    ] = Format.FILES,
    kind: Annotated[str | None, typer.Option(help="What the files are, instead of recognising them.")] = None,
    cloud: Annotated[str | None, typer.Option(help="Whose documents they are, with --kind.")] = None,
    output: Annotated[ReportForm, typer.Option("--output", "-o", help="Form of the report.")] = ReportForm.TABLE,
    threshold: Annotated[Threshold, typer.Option(help="The mildest finding that fails.")] = Threshold.LOW,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Levels, exceptions and more, as YAML or JSON.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Every rule is mandatory; advice fails, too.")] = False,
    rule: Annotated[list[str] | None, typer.Option(help="Only this rule; repeat it.")] = None,
    rule_class: Annotated[list[str] | None, typer.Option("--class", help="Only this class; repeat it.")] = None,
    baseline: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Findings in this file are known.")
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the findings to this file, as known from now on.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Findings only, no summary.")] = False,
) -> None:
    """Judge what is granted: in documents, manifests, Terraform plans and states, Pulumi exports, a live stack.

    Exit codes: 0 nothing at or above the threshold; 1 findings; 2 wrong input; 3 something was not judged by a fault
    of ours.
    """
    _check_usage(paths, stack, input_format)
    from nhi_components.lint.settings import Wanted, read_config

    judge_config = read_config(config, strict=strict)
    if input_format is Format.JSONL:
        raise typer.Exit(_answer_lines(judge_config, _severity(threshold)))
    from nhi_components.lint.run import LintOptions

    wanted = Wanted.of(rule or (), rule_class or ())
    options = LintOptions(judge_config, wanted, _severity(threshold), baseline, write_baseline)
    outcome = _of_stack(stack, directory, options) if stack else _of_files(paths or [], options, kind, cloud)
    _write(outcome.report, output, quiet=quiet)
    raise typer.Exit(FAULT if outcome.faults else FINDINGS if outcome.report.fails else 0)


def _check_usage(paths: list[str] | None, stack: str | None, input_format: Format) -> None:
    given = [name for name, value in (("PATH", paths), ("--stack", stack)) if value]
    if input_format is Format.JSONL:
        given.append("--format jsonl")
    if len(given) != 1:
        from nhi_components.core.errors import Problem, SpecError

        fix = "run `nhi lint FILE`, `nhi lint --stack NAME` or `nhi lint --format jsonl`"
        raise SpecError("nhi lint", [Problem("arguments", " and ".join(given) or "nothing", "one source", fix)])


def _severity(threshold: Threshold) -> Severity | None:
    from nhi_components.core.findings import Severity

    return None if threshold is Threshold.NEVER else Severity(threshold)


def _answer_lines(config: JudgeConfig, threshold: Severity | None) -> int:
    import sys
    from datetime import UTC, datetime

    from nhi_components.lint.lines import LineJudge
    from nhi_components.lint.stream import answer_lines
    from nhi_components.reports.severities import at_least

    tally = answer_lines(sys.stdin.buffer, sys.stdout.buffer, LineJudge(config), lambda: datetime.now(UTC))
    if tally.errors:
        return WRONG_INPUT
    return FINDINGS if threshold and tally.worst and at_least(tally.worst, threshold) else 0


def _of_files(paths: list[str], options: LintOptions, kind: str | None, cloud: str | None) -> Outcome:
    from datetime import UTC, datetime

    from nhi_components.lint.run import lint_files

    return lint_files(paths, options, datetime.now(UTC), kind, cloud)


def _of_stack(name: str, directory: Path, options: LintOptions) -> Outcome:
    from datetime import UTC, datetime

    from nhi_components.lint.run import lint_stack
    from nhi_components.provider.engine import Engine

    return lint_stack(name, Engine(directory, name).export(), options, datetime.now(UTC))


def _write(report: Report, output: ReportForm, *, quiet: bool) -> None:
    import sys

    match output:
        case ReportForm.JSON:
            from nhi_components.reports.json_form import as_json

            text = as_json(report)
        case ReportForm.SARIF:
            from nhi_components.reports.sarif import as_sarif

            text = as_sarif(report)
        case ReportForm.JUNIT:
            from nhi_components.reports.junit import as_junit

            text = as_junit(report)
        case _:
            import os

            from nhi_components.reports.table import as_table

            colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
            text = as_table(report, colour=colour, quiet=quiet)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()
