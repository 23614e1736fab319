"""What is measured, as figures: rates, ratios, and whether an aim is met."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Bound(StrEnum):
    """Which side of an aim is good."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one judge.

    Attributes:
        documents: how many it judged.
        seconds: CPU seconds that it took for them.
        findings: what it found in all.
    """

    documents: int
    seconds: float
    findings: int

    @property
    def rate(self) -> float:
        """Documents per CPU second."""
        return self.documents / self.seconds


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure against what it should be.

    Attributes:
        name: what is measured.
        against: what it is compared with.
        values: one figure a round.
        aim: what the median should reach or keep below; none for figures that only inform.
        bound: on which side of the aim.
        unit: of the values; empty for ratios.
    """

    name: str
    against: str
    values: tuple[float, ...]
    aim: float | None = None
    bound: Bound = Bound.AT_MOST
    unit: str = ""

    @property
    def median(self) -> float:
        """The middle value, which one disturbed round does not move."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the median keeps the aim; None without one."""
        if self.aim is None:
            return None
        return self.median >= self.aim if self.bound is Bound.AT_LEAST else self.median <= self.aim


def rates(rounds: Sequence[Mapping[str, Sample]], name: str) -> tuple[float, ...]:
    """Documents per CPU second of one judge, round by round."""
    return tuple(samples[name].rate for samples in rounds if name in samples)


def rate_ratios(rounds: Sequence[Mapping[str, Sample]], name: str, other: str) -> tuple[float, ...]:
    """How many times as fast one judge is as another, within each round: a busy machine slows both."""
    return tuple(samples[name].rate / samples[other].rate for samples in rounds)


def cost_ratio(few: Sample, many: Sample, start: float) -> float:
    """Cost of a document among many over its cost among few, the start of the process taken away from both.

    Args:
        few: a run over few documents.
        many: a run over many.
        start: CPU seconds that the process takes for a single document.
    """
    return ((many.seconds - start) / many.documents) / ((few.seconds - start) / few.documents)
