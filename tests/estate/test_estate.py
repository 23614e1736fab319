"""The planted estate: every verdict is told of what it is true of, and of nothing else, by DuckDB and by Spark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest
from rich.console import Console

from nhi_components.core.inventory.verdicts import Verdict
from nhi_components.lifecycle.verdicts.settings import STANDARD
from tools.estate.product import discover, judge, keys
from tools.estate.running import Estate, planted
from tools.estate.score import Score, compare, show
from tools.estate.truth import ADMINISTRATOR, ENDLESS, EVERY, SHADOW, Ledger, Told

pytestmark = pytest.mark.timeout(1800)
LEAST = 300


class Judged(NamedTuple):
    """The estate as it was judged.

    Attributes:
        estate: it.
        told: by DuckDB.
        score: of that.
    """

    estate: Estate
    told: Mapping[str, frozenset[Told]]
    score: Score


@pytest.fixture(scope="module")
def judged() -> Iterator[Judged]:
    with planted() as estate:
        discover(estate, before=True)
        estate.change()
        discover(estate, before=False)
        told = judge(estate)
        yield Judged(estate, told, compare(estate.ledger, told, keys(estate)))


def test_every_verdict_is_told_of_what_it_is_true_of_and_of_nothing_else(judged: Judged) -> None:
    score = judged.score
    assert (score.missed, score.wrong, score.unseen, score.unknown) == ((), (), (), ())
    assert {told: (count.recall, count.precision) for told, count in score.counts.items()} == dict.fromkeys(
        EVERY, (1.0, 1.0)
    )
    assert score.is_perfect


def test_every_verdict_and_degree_is_planted_among_many_that_are_as_they_should_be(judged: Judged) -> None:
    told = {each for one in judged.estate.ledger.planted.values() for each in one.told}
    assert told == EVERY
    assert {verdict for verdict, _ in told} == set(Verdict)
    degrees = {verdict: {degree for name, degree in told if name == verdict} for verdict in Verdict}
    assert degrees[Verdict.UNUSED] == set(map(str, STANDARD.unused))
    assert degrees[Verdict.OLD_CREDENTIAL] == set(map(str, STANDARD.old_credential))
    assert degrees[Verdict.MIXED_DUTIES] == {*STANDARD.conflicts, "environments"}
    assert all(count.planted > 1 for count in judged.score.counts.values())
    harmless = [each for each in judged.estate.ledger.planted.values() if not each.told]
    assert judged.score.identities >= LEAST
    assert len(harmless) >= LEAST // 2
    assert {each.system for each in harmless} >= {"aws", "azure", "gcp", "kubernetes", "vault"}


def test_spark_tells_the_very_same(judged: Judged) -> None:
    assert judge(judged.estate, "spark") == judged.told


def test_no_credential_is_in_what_is_kept(judged: Judged) -> None:
    names = ("AWS_SECRET_ACCESS_KEY", "AZURE_CLIENT_SECRET", "VAULT_TOKEN", "GITHUB_TOKEN")
    kept = [*judged.estate.folder.glob("inventory.db*"), *(judged.estate.folder / "evidence").rglob("*")]
    whole = b"".join(file.read_bytes() for file in kept if file.is_file())
    assert b"role/reader-00" in whole
    assert [name for name in names if judged.estate.environment[name].encode() in whole] == []


def test_a_miss_a_wrong_one_and_what_nobody_planted_are_told_by_name() -> None:
    ledger = Ledger(left_out={"caller": "whom the scan runs as"})
    ledger.plant("aws", "one", SHADOW, ENDLESS, why="made by hand")
    ledger.plant("aws", "two")
    ledger.plant("aws", "three", SHADOW)
    told = {"one": [SHADOW], "two": [ADMINISTRATOR], "stranger": [SHADOW], "caller": [ADMINISTRATOR]}
    score = compare(ledger, told, ["one", "two", "stranger", "caller"])
    assert score.missed == (("one", ENDLESS), ("three", SHADOW))
    assert score.wrong == (("stranger", SHADOW), ("two", ADMINISTRATOR))
    assert (score.unseen, score.unknown, score.is_perfect) == (("three",), ("stranger",), False)
    count = score.counts[SHADOW]
    assert (count.planted, count.found, count.right, count.recall, count.precision) == (2, 2, 1, 0.5, 0.5)
    console = Console(width=160, record=True)
    show(score, ledger.left_out, console)
    shown = console.export_text()
    for line in (
        "missed: endless of one (made by hand)",
        "wrong: over-privileged administrator of two (as it should be)",
        "not found at all: three",
        "planted by nobody: stranger",
        "left out: caller: whom the scan runs as",
    ):
        assert line in shown
