"""`make bench`: bundles against the same resources written by hand, and the start of the command."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.programs import BUNDLES, BY_HAND
from tools.lab.console import say
from tools.lab.engine import ensure
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

AIMS = {"up": 1.2, "no-op up": 1.2, "destroy": 1.6, "nhi --help": 3.0}


def main() -> int:
    """Measure and print; never a verdict, for machines are shared and noisy."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--count", type=int, default=25, help="bundles on each of AWS and Vault")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of runs")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    options = parser.parse_args()
    ratios = {"nhi --help": _start_ratios(options.rounds * 3)} | _bundle_ratios(options.count, options.rounds)
    if options.output == "json":
        print(json.dumps({name: {"ratios": values, "aim": AIMS[name]} for name, values in ratios.items()}, indent=2))
    else:
        _show(ratios, options.count)
    return 0


def _bundle_ratios(count: int, rounds: int) -> dict[str, list[float]]:
    ratios: dict[str, list[float]] = {"up": [], "no-op up": [], "destroy": []}
    with tempfile.TemporaryDirectory(prefix="nhi-bench-") as folder, Sandbox(ensure()) as sandbox:
        environment = {
            **sandbox.environment(),
            "NHI_EVIDENCE_DIR": f"{folder}/evidence",
        }
        subprocess.run(["nhi", "plugin", "install"], env=environment, check=True, capture_output=True)
        for number in range(rounds):
            sandbox.reset()
            say(f"round {number + 1} of {rounds}: {count} bundles on AWS and {count} on Vault, and the same by hand")
            pair = [
                _timed(Path(folder) / f"{name}{number}", program.format(count=count), environment)
                for name, program in (("bundles", BUNDLES), ("by-hand", BY_HAND))
            ]
            for step, values in ratios.items():
                values.append(pair[0][step] / pair[1][step])
    return ratios


def _timed(folder: Path, program: str, environment: dict[str, str]) -> dict[str, float]:
    project = Project(folder, environment, name=folder.name)
    project.write({"__main__.py": program})
    steps = {"up": project.up, "no-op up": project.up, "destroy": project.destroy}
    return {step: run().seconds for step, run in steps.items()}


def _start_ratios(rounds: int) -> list[float]:
    """`nhi --help` against importing typer alone, which it cannot be faster than."""
    nhi = [sys.executable, "-m", "nhi_components.cli.main", "--help"]
    peer = [sys.executable, "-c", "import typer"]
    _seconds(nhi), _seconds(peer)
    return [_seconds(nhi) / _seconds(peer) for _ in range(rounds)]


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def _show(ratios: dict[str, list[float]], count: int) -> None:
    table = Table("measure", "peer", "median ratio", "lowest", "highest", "aim")
    for name, values in ratios.items():
        peer = "python -c 'import typer'" if name == "nhi --help" else f"the same of {count} written by hand"
        row: list[Callable[[list[float]], float]] = [statistics.median, min, max]
        table.add_row(name, peer, *(f"{figure(values):.2f}" for figure in row), f"{AIMS[name]:.1f}")
    Console().print(table)
    print("AWS is emulated (ministack); Vault is a real OpenBao; both on loopback, where calls cost next to nothing.")


if __name__ == "__main__":
    sys.exit(main())
