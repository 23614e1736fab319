"""`nhi lint`: what do these documents, files or stacks grant that they should not?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nhi_components.core.findings import Severity
    from nhi_components.lint.run import LintOptions, Outcome
    from nhi_components.reports.model import Report
    from nhi_components.rules import JudgeConfig

FINDINGS, WRONG_INPUT, FAULT = 1, 2, 3
_NEVER = "never"
_EXIT_CODES = """exit codes:
  0  nothing at or above the threshold
  1  findings at or above the threshold
  2  wrong input: a usage, a file or a line that is wrong
  3  something was not judged by a fault of ours"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit code is given back.

    Raises:
        NhiError: for what is wrong with the input, all of it.
    """
    given = _parser().parse_args(arguments)
    _check_usage(given)
    from nhi_components.lint.settings import Wanted, read_config

    config = read_config(given.config, strict=given.strict)
    threshold = _severity(given.threshold)
    if given.format == "jsonl":
        return _answer_lines(config, threshold)
    from nhi_components.lint.run import LintOptions

    wanted = Wanted.of(given.rule, given.rule_class)
    options = LintOptions(config, wanted, threshold, given.baseline, given.write_baseline)
    outcome = _of_stack(given.stack, given.cwd, options) if given.stack else _of_files(given, options)
    _write(outcome.report, given.output, quiet=given.quiet)
    return FAULT if outcome.faults else FINDINGS if outcome.report.fails else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nhi lint",
        description="Judge what is granted: in documents, manifests, Terraform plans and states, Pulumi exports and "
        "previews, a live stack.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("path", nargs="*", metavar="PATH", help="files and folders; - is standard input")
    add("-s", "--stack", help="judge this live Pulumi stack instead")
    add("--cwd", type=Path, default=Path(), metavar="FOLDER", help="the stack's project")
    add(
        "-f",
        "--format",
        choices=("files", "jsonl"),
        default="files",
        help="jsonl: documents, line by line, on standard input",
    )
    add("--kind", help="what the files are, instead of recognising them")
    add("--cloud", help="whose documents they are, with --kind")
    add("--skip-unrecognised", action="store_true", help="treat files that hold nothing that grants as in folders")
    add("-o", "--output", choices=("table", "json", "sarif", "junit"), default="table", help="form of the report")
    thresholds = ("low", "medium", "high", "critical", _NEVER)
    add("--threshold", choices=thresholds, default="low", help="the mildest finding that fails")
    add("--config", type=Path, metavar="FILE", help="levels, exceptions and more, as YAML or JSON")
    add("--strict", action="store_true", help="every rule is mandatory, so that advice fails, too")
    add("--rule", action="append", default=[], metavar="ID", help="only this rule; repeat it")
    add("--class", dest="rule_class", action="append", default=[], metavar="CLASS", help="only this class; repeat it")
    add("--baseline", type=Path, metavar="FILE", help="findings in this file are known")
    add("--write-baseline", type=Path, metavar="FILE", help="write the findings to this file, as known from now on")
    add("-q", "--quiet", action="store_true", help="findings only, no summary")
    return parser


def _check_usage(given: argparse.Namespace) -> None:
    sources = [name for name, value in (("PATH", given.path), ("--stack", given.stack)) if value]
    if given.format == "jsonl":
        sources.append("--format jsonl")
    if len(sources) != 1:
        from nhi_components.core.errors import Problem, SpecError

        fix = "run `nhi lint FILE`, `nhi lint --stack NAME` or `nhi lint --format jsonl`"
        raise SpecError("nhi lint", [Problem("arguments", " and ".join(sources) or "nothing", "one source", fix)])


def _severity(threshold: str) -> Severity | None:
    from nhi_components.core.findings import Severity

    return None if threshold == _NEVER else Severity(threshold)


def _answer_lines(config: JudgeConfig, threshold: Severity | None) -> int:
    from datetime import UTC, datetime

    from nhi_components.lint.lines import LineJudge
    from nhi_components.lint.stream import answer_lines
    from nhi_components.reports.severities import at_least

    tally = answer_lines(sys.stdin.buffer, sys.stdout.buffer, LineJudge(config), lambda: datetime.now(UTC))
    if tally.errors:
        return WRONG_INPUT
    return FINDINGS if threshold and tally.worst and at_least(tally.worst, threshold) else 0


def _of_files(given: argparse.Namespace, options: LintOptions) -> Outcome:
    from datetime import UTC, datetime

    from nhi_components.lint.run import FileOptions, lint_files

    how = FileOptions(given.kind, given.cloud, given.skip_unrecognised)
    return lint_files(given.path, options, datetime.now(UTC), how)


def _of_stack(name: str, directory: Path, options: LintOptions) -> Outcome:
    from datetime import UTC, datetime

    from nhi_components.lint.run import lint_stack
    from nhi_components.provider.engine import Engine

    return lint_stack(name, Engine(directory, name).export(), options, datetime.now(UTC))


def _write(report: Report, output: str, *, quiet: bool) -> None:
    match output:
        case "json":
            from nhi_components.reports.json_form import as_json

            text = as_json(report)
        case "sarif":
            from nhi_components.reports.sarif import as_sarif

            text = as_sarif(report)
        case "junit":
            from nhi_components.reports.junit import as_junit

            text = as_junit(report)
        case _:
            import os

            from nhi_components.reports.table import as_table

            colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
            text = as_table(report, colour=colour, quiet=quiet)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()
