"""Rounds of the judges over the same documents, each in a process and an environment of its own."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.judge.documents import Document, write_documents
from bench.judge.environments import FASTEST, RUNNERS, SLOWER, Peer, interpreter
from bench.judge.measures import Bound, Measure, Sample, rate_ratios, rates
from tools.lab.console import say

OURS, FLOOR = "nhi lint", "json.loads"
FASTER_THAN_PEER, SLOWER_THAN_FLOOR = 2.0, 4.0
WARM = "nhi lint, five times over"
_PASSES = 5
_UNIT = "documents/CPU s"


def race(policies: Mapping[str, Document], folder: Path, rounds: int, *, slower: bool) -> list[Measure]:
    """Let the judges run, ours with all rules on.

    Args:
        policies: what is judged; every round changes each anew.
        folder: for the files of the rounds.
        rounds: how many; the judges of a round run one after another.
        slower: whether the slower peers run too, on a part of the documents.
    """
    peers = (FASTEST, *SLOWER) if slower else (FASTEST,)
    samples = [_round(policies, folder / f"round{number}", number, peers) for number in range(rounds)]
    measures = [
        Measure(
            "speed over the fastest peer",
            FASTEST.name,
            rate_ratios(samples, OURS, FASTEST.name),
            FASTER_THAN_PEER,
            Bound.AT_LEAST,
        ),
        Measure("json.loads over speed", FLOOR, rate_ratios(samples, FLOOR, OURS), SLOWER_THAN_FLOOR),
    ]
    names = (OURS, WARM, FLOOR, *(peer.name for peer in peers))
    return measures + [Measure(name, "", rates(samples, name), unit=_UNIT) for name in names]


def _round(policies: Mapping[str, Document], folder: Path, number: int, peers: Sequence[Peer]) -> dict[str, Sample]:
    names = ", ".join((OURS, FLOOR, *(peer.name for peer in peers)))
    say(f"round {number + 1}: {names} on {len(policies):,} managed policies")
    folder.mkdir()
    chance = random.Random()  # noqa: S311 - no secret: every run differs
    whole = folder / "documents.jsonl"
    write_documents(policies.values(), whole, chance)
    passes = folder / "passes.jsonl"
    write_documents(itertools.chain.from_iterable([policies.values()] * _PASSES), passes, chance)
    here = Path(sys.executable)
    samples = {
        OURS: _run(here, "ours.py", whole),
        WARM: _run(here, "ours.py", passes),
        FLOOR: _run(here, "floor.py", whole),
    }
    for peer in peers:
        file = whole
        if peer.sample:
            file = folder / f"{peer.name}.jsonl"
            write_documents(itertools.islice(policies.values(), peer.sample), file, chance)
        samples[peer.name] = _run(interpreter(peer), peer.runner, file)
    return samples


def _run(python: Path, runner: str, file: Path) -> Sample:
    command = [str(python), "-P", str(RUNNERS / runner), str(file)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Sample(**json.loads(printed.splitlines()[-1]))
