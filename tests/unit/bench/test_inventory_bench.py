"""The inventory's bench: every stage runs, and finds what its peer finds."""

from __future__ import annotations

from bench.inventory.__main__ import AGAINST, as_table, disagreements, run
from bench.inventory.stages import STAGES, Timed


def test_every_stage_tells_its_figures_and_agrees_with_its_peer() -> None:
    told = run(600)
    assert set(told) == set(STAGES)
    assert all(timed.seconds > 0 and timed.peak > 1 for timed in told.values())
    assert disagreements({600: told}) == []
    assert told["ingest"].result["records"] > 600 * 15
    assert all(count > 0 for stage in AGAINST for count in told[stage].result.values())
    assert as_table({600: told}).row_count == len(STAGES)


def test_a_stage_that_finds_other_things_than_its_peer_is_told() -> None:
    same = {stage: Timed(1, 1, {"x": 1}) for stage in STAGES}
    assert disagreements({10: same}) == []
    (told,) = disagreements({10: {**same, "paths to admin": Timed(1, 1, {"x": 2})}})
    assert told == "10: paths to admin found {'x': 2}, the walk by networkx {'x': 1}"
