"""`nhi lint` as people start it: the time of one file, the memory of a set, the cost of many documents against few."""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.judge.documents import Document, write_requests
from bench.judge.measures import Measure, Sample, cost_ratio
from tools.lab.console import say

COLD_START, MEBIBYTES, FLAT = 3.0, 150.0, 1.1
FEW, MANY = 1_000, 100_000
_LINT = (sys.executable, "-m", "nhi_components.cli.main", "lint")
_IMPORT = (sys.executable, "-c", "import pydantic")
_BYTES_OF_MAXRSS = 1 if sys.platform == "darwin" else 1024
_FINDINGS = 1


@dataclass(frozen=True, slots=True)
class Used:
    """What a command took.

    Attributes:
        seconds: CPU seconds, user and system.
        mebibytes: the most memory that it held at once.
    """

    seconds: float
    mebibytes: float


def measure_command(policies: Mapping[str, Document], folder: Path, rounds: int, many: int = MANY) -> list[Measure]:
    """Measure the command.

    Args:
        policies: what is judged.
        folder: for files.
        rounds: how many pairs of cold starts, and of small and large runs.
        many: how many documents the large run judges.
    """
    chance = random.Random()  # noqa: S311 - no secret: every run differs
    file = folder / "policy.json"
    file.write_text(json.dumps(next(iter(policies.values()))), encoding="utf-8")
    sets = {count: folder / f"{count}.jsonl" for count in (1, FEW, len(policies), many)}
    for count, target in sets.items():
        write_requests(policies, count, target, chance)
    say(f"`nhi lint` of one file, cold, {rounds * 3} times; then of {len(policies):,}, {FEW:,} and {many:,} documents")
    starts = _start_ratios(file, rounds * 3)
    memory = tuple(_lines(sets[len(policies)]).mebibytes for _ in range(rounds))
    costs = tuple(_cost_ratio(sets, many) for _ in range(rounds))
    return [
        Measure("nhi lint FILE, cold", "python -c 'import pydantic'", starts, COLD_START),
        Measure("peak memory of judging the set", "", memory, MEBIBYTES, unit="MiB"),
        Measure(f"cost of a document of {many:,}", f"of {FEW:,}", costs, FLAT),
    ]


def _start_ratios(file: Path, rounds: int) -> tuple[float, ...]:
    lint = [*_LINT, str(file)]
    _seconds(lint), _seconds([*_IMPORT])
    return tuple(_seconds(lint) / _seconds([*_IMPORT]) for _ in range(rounds))


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode not in (0, _FINDINGS):
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return time.perf_counter() - started


def _cost_ratio(sets: Mapping[int, Path], many: int) -> float:
    start = statistics.median(_lines(sets[1]).seconds for _ in range(3))
    few, large = (Sample(count, _lines(sets[count]).seconds, 0) for count in (FEW, many))
    return cost_ratio(few, large, start)


def _lines(file: Path) -> Used:
    """Run the line protocol over a file, and take its use from the system, which counts this one child alone."""
    with file.open("rb") as given:
        command = [*_LINT, "--format", "jsonl"]
        process = subprocess.Popen(command, stdin=given, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, _FINDINGS):
        raise subprocess.CalledProcessError(process.returncode, command)
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _BYTES_OF_MAXRSS / 2**20)
