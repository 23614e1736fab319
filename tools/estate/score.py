"""What was told against what is true: recall and precision of each verdict, and every difference by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from tools.estate.truth import EVERY, Ledger, Told


@dataclass(frozen=True, slots=True)
class Count:
    """How one verdict of one degree did.

    Attributes:
        planted: how often it is true.
        found: how often it was told.
        right: how often it was told and is true.
    """

    planted: int
    found: int
    right: int

    @property
    def recall(self) -> float:
        """Which share of what is true was told."""
        return self.right / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        """Which share of what was told is true."""
        return self.right / self.found if self.found else 1.0


@dataclass(frozen=True, slots=True)
class Score:
    """The comparison.

    Attributes:
        counts: by verdict and degree.
        missed: what is true and was not told, with the key.
        wrong: what was told and is not true, with the key.
        unseen: keys that were planted and not found at all.
        unknown: keys that were found and are nobody's planting.
        identities: how many were planted.
        why: what is special about an identity, by key.
    """

    counts: Mapping[Told, Count]
    missed: tuple[tuple[str, Told], ...]
    wrong: tuple[tuple[str, Told], ...]
    unseen: tuple[str, ...]
    unknown: tuple[str, ...]
    identities: int
    why: Mapping[str, str]

    @property
    def is_perfect(self) -> bool:
        """Whether all was told, nothing else, and everything was planted at least once."""
        complete = all(self.counts[told].planted for told in EVERY)
        return complete and not (self.missed or self.wrong or self.unseen or self.unknown)


def compare(ledger: Ledger, told: Mapping[str, Collection[Told]], found: Collection[str]) -> Score:
    """Compare.

    Args:
        ledger: the truth.
        told: the verdicts by key.
        found: keys of all identities that were found.
    """
    true = {(key, verdict) for key, each in ledger.planted.items() for verdict in each.told}
    said = {(key, verdict) for key, each in told.items() if key not in ledger.left_out for verdict in each}
    counts = {
        verdict: Count(*(sum(each == verdict for _, each in some) for some in (true, said, true & said)))
        for verdict in EVERY | {verdict for _, verdict in said}
    }
    return Score(
        counts,
        tuple(sorted(true - said)),
        tuple(sorted(said - true)),
        tuple(sorted(ledger.planted.keys() - set(found))),
        tuple(sorted(set(told) - ledger.planted.keys() - ledger.left_out.keys())),
        len(ledger.planted),
        {key: each.why for key, each in ledger.planted.items()},
    )


def show(score: Score, left_out: Mapping[str, str], console: Console) -> None:
    """Print the table, and each difference by name."""
    columns = ("verdict", "degree", "planted", "found", "right", "missed", "wrong", "recall", "precision")
    table = Table(*columns, title=f"{score.identities} planted identities")
    for (verdict, degree), count in sorted(score.counts.items()):
        differs = (count.planted - count.right, count.found - count.right)
        style = "red" if any(differs) else ""
        numbers = (count.planted, count.found, count.right, *differs)
        shares = (f"{count.recall:.3f}", f"{count.precision:.3f}")
        table.add_row(verdict, degree, *map(str, numbers), *shares, style=style)
    console.print(table)
    for line in _differences(score):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for key, reason in left_out.items():
        console.print(f"left out: {key}: {reason}", markup=False, highlight=False, soft_wrap=True)


def _differences(score: Score) -> Iterator[str]:
    for what, some in (("missed", score.missed), ("wrong", score.wrong)):
        for key, (verdict, degree) in some:
            yield f"{what}: {verdict} {degree}".rstrip() + f" of {key} ({score.why.get(key) or 'as it should be'})"
    yield from (f"not found at all: {key}" for key in score.unseen)
    yield from (f"planted by nobody: {key}" for key in score.unknown)
