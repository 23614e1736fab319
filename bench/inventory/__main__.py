"""`python -m bench.inventory`: the inventory at three sizes, against plain SQL, sqlite3 and networkx."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.inventory.estate import GRANTS_EACH
from bench.inventory.scanning import seconds_of_a_scan
from bench.inventory.stages import STAGES, Timed, timed_apart
from nhi_components.lifecycle.discovery.scanning import WORKERS

SIZES: Final = (10_000, 30_000, 100_000)
AGAINST: Final[Mapping[str, str]] = {
    "ingest": "ingest by sqlite3",
    "four verdicts": "four verdicts by SQL",
    "paths to admin": "the walk by networkx",
}
"""Stages with the one that must find the same."""

Run = Mapping[str, Timed]


def main() -> int:
    """Measure and print; 1 when a stage has found other things than what it is compared with."""
    parser = argparse.ArgumentParser(prog="python -m bench.inventory")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="identities; ten grants each")
    parser.add_argument("--scan", action=argparse.BooleanOptionalAction, default=True, help="time a scan, too")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    options = parser.parse_args()
    runs = {size: run(size) for size in options.sizes}
    scan = (seconds_of_a_scan(WORKERS), seconds_of_a_scan(1)) if options.scan else None
    if options.output == "json":
        written = {size: {stage: asdict(timed) for stage, timed in stages.items()} for size, stages in runs.items()}
        print(json.dumps({"sizes": written, "scan": scan}, indent=2))
    else:
        Console(width=max(Console().width, 120)).print(as_table(runs))
        if scan:
            print(f"a scan with {WORKERS} workers: {scan[0]:.1f} s; page after page: {scan[1]:.1f} s")
    wrong = disagreements(runs)
    for each in wrong:
        sys.stderr.write(f"{each}\n")
    return 1 if wrong else 0


def run(identities: int) -> Run:
    """Run every stage at one size."""
    told: dict[str, Timed] = {}
    with tempfile.TemporaryDirectory(prefix="nhi-bench-") as folder:
        for stage in STAGES:
            sys.stderr.write(f"{identities:,} identities: {stage}\n")
            told[stage] = timed_apart(stage, Path(folder), identities)
    return told


def disagreements(runs: Mapping[int, Run]) -> list[str]:
    """Tell where a stage and what it is compared with have not found the same."""
    return [
        f"{size:,}: {stage} found {stages[stage].result}, {other} {stages[other].result}"
        for size, stages in runs.items()
        for stage, other in AGAINST.items()
        if stages[stage].result != stages[other].result
    ]


def as_table(runs: Mapping[int, Run]) -> Table:
    """Lay it out: seconds, milliseconds for each identity, which stay alike where it is linear, and mebibytes."""
    table = Table("stage", *(f"{size:,}: s" for size in runs), "ms each", "peak MiB", "against its peer")
    for stage in STAGES:
        of_sizes = [stages[stage] for stages in runs.values()]
        table.add_row(
            stage,
            *(f"{timed.seconds:.1f}" for timed in of_sizes),
            " ".join(f"{1000 * timed.seconds / size:.2f}" for size, timed in zip(runs, of_sizes, strict=True)),
            " ".join(f"{timed.peak:.0f}" for timed in of_sizes),
            _ratios(stage, list(runs.values())),
        )
    table.caption = f"{GRANTS_EACH} grants an identity; each stage in a process of its own"
    return table


def _ratios(stage: str, runs: Sequence[Run]) -> str:
    peer = AGAINST.get(stage)
    return " ".join(f"{each[stage].seconds / each[peer].seconds:.1f}" for each in runs) if peer else ""


if __name__ == "__main__":
    sys.exit(main())
