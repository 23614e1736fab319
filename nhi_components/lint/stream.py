"""Answers lines as they come: at once when they come slowly, many at a time when they come fast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from nhi_components.core.findings import Severity
from nhi_components.lint.lines import LineJudge
from nhi_components.reports.severities import worse

_CHUNK = 1 << 18


@dataclass(slots=True)
class Tally:
    """What was answered.

    Attributes:
        lines: how many lines.
        errors: how many of them could not be judged as they were.
        worst: the worst severity of the findings.
    """

    lines: int = 0
    errors: int = 0
    worst: Severity | None = None


def answer_lines(source: BinaryIO, target: BinaryIO, judge: LineJudge, clock: Callable[[], datetime]) -> Tally:
    """Answer every line of a stream, in order.

    Answers to the lines that came together are written together, before more is waited for.

    Args:
        source: lines of UTF-8; must have `read1`, as a buffered stream has.
        target: takes the answers.
        judge: makes them.
        clock: tells the present moment (aware).
    """
    tally = Tally()
    for lines in _lines_that_came_together(source):
        now = clock()
        for line in lines:
            answer = judge.answer(line, now)
            target.write(answer.text.encode("ascii") + b"\n")
            tally.lines += 1
            tally.errors += bool(answer.error)
            for finding in answer.findings:
                tally.worst = worse(tally.worst, finding.severity)
        target.flush()
    return tally


def _lines_that_came_together(source: BinaryIO) -> Iterator[list[bytes]]:
    pending: list[bytes] = []
    while chunk := source.read1(_CHUNK):  # type: ignore[attr-defined]
        head, end, tail = chunk.rpartition(b"\n")
        if not end:
            pending.append(tail)
            continue
        yield [line.removesuffix(b"\r") for line in b"".join([*pending, head]).split(b"\n")]
        pending = [tail]
    if rest := b"".join(pending):
        yield [rest]
