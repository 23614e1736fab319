"""Runs every target of the fuzzing on its seeds, whole and damaged; the damage is the same in every run."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.targets import TARGETS, seeds

SEEDS_PER_TARGET = 120
DAMAGES_PER_SEED = 4


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Cut a piece out, put one in twice, or change a byte."""
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    match chance.randrange(4):
        case 0:
            return data[:start]
        case 1:
            return data[:start] + data[end:]
        case 2:
            return data[:end] + data[start:end] + data[end:]
        case _:
            return data[:start] + bytes([chance.randrange(256)]) + data[start + 1 :]


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_whole_and_damaged(name: str) -> None:
    chance = random.Random(name)  # noqa: S311 - the same damage in every run
    every = list(seeds(name))
    for seed in chance.sample(every, min(SEEDS_PER_TARGET, len(every))):
        TARGETS[name](seed)
        for _ in range(DAMAGES_PER_SEED):
            TARGETS[name](damaged(seed, chance))
