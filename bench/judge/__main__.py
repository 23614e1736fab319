"""`python -m bench.judge`: the judge against its peers, its start, its memory, its share of a preview."""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.judge.command import MANY, measure_command
from bench.judge.documents import managed_policies
from bench.judge.measures import Measure
from bench.judge.race import race
from bench.packs import AIM, preview_seconds, shares

RESOURCES = 500
OUR_SHARE = "ours: reading, rules, loading them"
_WIDTH = 120


def main() -> int:
    """Measure and print; never a verdict, for machines are shared and noisy."""
    parser = argparse.ArgumentParser(prog="python -m bench.judge")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured")
    parser.add_argument("--many", type=int, default=MANY, help="documents of the large run")
    parser.add_argument(
        "--slower-peers", action="store_true", help="cloudsplaining and parliament, on a part of the set"
    )
    parser.add_argument(
        "--preview", action=argparse.BooleanOptionalAction, default=True, help="the pack's share of one"
    )
    parser.add_argument("--output", choices=("table", "json"), default="table")
    options = parser.parse_args()
    policies = managed_policies()
    with tempfile.TemporaryDirectory(prefix="nhi-bench-") as folder:
        measures = race(policies, Path(folder), options.rounds, slower=options.slower_peers)
        measures += measure_command(policies, Path(folder), options.rounds, options.many)
    if options.preview:
        measures.append(measure_preview(options.rounds))
    if options.output == "json":
        print(as_json(measures))
    else:
        Console(width=max(Console().width, _WIDTH)).print(as_table(measures))
        print(
            f"{len(policies)} managed policies of AWS, changed anew for every run; Python {platform.python_version()}."
        )
    return 0


def measure_preview(rounds: int) -> Measure:
    """Measure what the baseline pack adds to a preview that has an empty pack already; `bench.packs` tells more."""
    values = shares(preview_seconds(RESOURCES, rounds))[OUR_SHARE]
    return Measure(f"the pack's share of a preview of {RESOURCES}", "one with an empty pack", tuple(values), AIM)


def as_json(measures: Sequence[Measure]) -> str:
    """Write the measures as one object by name."""
    written = {}
    for measure in measures:
        values = {**dataclasses.asdict(measure), "median": measure.median, "met": measure.met}
        written[values.pop("name")] = values
    return json.dumps(written, indent=2)


def as_table(measures: Sequence[Measure]) -> Table:
    """Lay the measures out for people."""
    table = Table("measure", "against", "median", "lowest", "highest", "aim", "met")
    for measure in measures:
        figures = (
            f"{figure:,.{_digits(measure)}f}" for figure in (measure.median, min(measure.values), max(measure.values))
        )
        aim = "" if measure.aim is None else f"{measure.bound} {measure.aim:g}"
        met = "" if measure.met is None else "yes" if measure.met else "no"
        table.add_row(measure.name, measure.against or measure.unit, *figures, aim, met)
    return table


def _digits(measure: Measure) -> int:
    return 0 if measure.unit else 2


if __name__ == "__main__":
    sys.exit(main())
