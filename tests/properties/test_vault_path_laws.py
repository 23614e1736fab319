"""Laws of Vault paths: which of them reach the same secrets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nhi_components.core.vault_path import overlaps

SEGMENTS = st.lists(st.sampled_from(["a", "b", "data", "+"]), min_size=1, max_size=4)
PATHS = st.tuples(SEGMENTS, st.sampled_from(["", "*", "/*", "x*"])).map(lambda parts: "/".join(parts[0]) + parts[1])


@given(PATHS, PATHS)
def test_overlap_is_symmetric_and_everything_overlaps_everything(one: str, other: str) -> None:
    assert overlaps(one, other) == overlaps(other, one)
    assert overlaps(one, one)
    assert overlaps("*", other)


@given(SEGMENTS, SEGMENTS)
def test_a_longer_path_below_a_wide_one_is_reached_by_it(prefix: list[str], rest: list[str]) -> None:
    assert overlaps("/".join(prefix) + "/*", "/".join([*prefix, *rest]))
