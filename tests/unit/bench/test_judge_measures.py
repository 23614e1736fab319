"""The arithmetic of the judge's bench: rates, ratios within a round, aims, cost without the start."""

from __future__ import annotations

import json

import pytest

from bench.judge.__main__ import OUR_SHARE, as_json
from bench.judge.measures import Bound, Measure, Sample, cost_ratio, rate_ratios, rates
from bench.packs import EMPTY_PACK, NO_PACK, OURS, shares


def test_a_rate_is_documents_per_cpu_second() -> None:
    assert Sample(documents=300, seconds=1.5, findings=7).rate == 200


def test_ratios_are_taken_within_a_round_so_that_a_slow_round_does_not_tell() -> None:
    rounds = [
        {"ours": Sample(100, 1, 0), "peer": Sample(100, 2, 0)},
        {"ours": Sample(100, 10, 0), "peer": Sample(100, 20, 0)},
    ]
    assert rate_ratios(rounds, "ours", "peer") == (2, 2)
    assert rates(rounds, "ours") == (100, 10)


def test_a_peer_on_a_part_of_the_documents_is_compared_by_its_rate() -> None:
    rounds = [{"ours": Sample(1000, 1, 0), "peer": Sample(20, 2, 0)}]
    assert rate_ratios(rounds, "ours", "peer") == (100,)


@pytest.mark.parametrize(
    ("bound", "values", "met"),
    [
        (Bound.AT_LEAST, (2.0, 2.0, 0.1), True),
        (Bound.AT_LEAST, (1.9, 9.0, 1.9), False),
        (Bound.AT_MOST, (4.0, 3.0, 90.0), True),
        (Bound.AT_MOST, (4.1, 4.1, 1.0), False),
    ],
)
def test_the_median_decides_whether_an_aim_is_met(bound: Bound, values: tuple[float, ...], met: bool) -> None:
    aim = 2.0 if bound is Bound.AT_LEAST else 4.0
    assert Measure("speed", "", values, aim, bound).met is met


def test_a_figure_without_an_aim_is_neither_met_nor_missed() -> None:
    assert Measure("speed", "", (1.0,)).met is None


def test_the_cost_of_a_document_leaves_the_start_of_the_process_out() -> None:
    few, many = Sample(1_000, 0.5 + 1, 0), Sample(100_000, 0.5 + 100, 0)
    assert cost_ratio(few, many, start=0.5) == pytest.approx(1)
    assert cost_ratio(few, Sample(100_000, 0.5 + 150, 0), start=0.5) == pytest.approx(1.5)


def test_the_json_form_tells_values_aim_and_whether_it_is_met() -> None:
    written = json.loads(as_json([Measure("speed", "peer", (1.0, 3.0, 2.0), 2.0, Bound.AT_LEAST)]))
    assert written["speed"]["values"] == [1, 3, 2]
    assert written["speed"] | {"values": []} == {
        "against": "peer",
        "values": [],
        "aim": 2,
        "bound": "at least",
        "unit": "",
        "median": 2,
        "met": True,
    }


def test_the_packs_share_is_one_that_the_bench_of_packs_gives() -> None:
    assert OUR_SHARE in shares({NO_PACK: [8.0], EMPTY_PACK: [9.0], OURS: [10.0]})
