"""`nhi lint`: what do these documents, files or stacks grant that they should not?"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nhi_components.lint.stream import Tally


class Format(StrEnum):
    """How the input comes."""

    FILES = "files"
    JSONL = "jsonl"


class Threshold(StrEnum):
    """How bad a finding must be to fail the command."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
    NEVER = "never"


def lint(
    input_format: Annotated[Format, typer.Option("--format", "-f", help="How the input comes.")] = Format.FILES,
    threshold: Annotated[Threshold, typer.Option(help="The mildest finding that fails.")] = Threshold.LOW,
) -> None:
    """Judge what is granted, before or after it is.

    Exit codes: 0 nothing at or above the threshold; 1 findings; 2 wrong input.
    """
    tally = _answer_standard_input()
    raise typer.Exit(_exit_code(tally, threshold))


def _answer_standard_input() -> Tally:
    import sys
    from datetime import UTC, datetime

    from nhi_components.lint.lines import LineJudge
    from nhi_components.lint.stream import answer_lines
    from nhi_components.rules import JudgeConfig

    judge = LineJudge(JudgeConfig())
    return answer_lines(sys.stdin.buffer, sys.stdout.buffer, judge, lambda: datetime.now(UTC))


def _exit_code(tally: Tally, threshold: Threshold) -> int:
    from nhi_components.core.findings import Severity
    from nhi_components.lint.severities import at_least

    if tally.errors:
        return 2
    failing = threshold is not Threshold.NEVER and tally.worst and at_least(tally.worst, Severity(threshold))
    return 1 if failing else 0
