"""Patterns with `*` and `?`, against the definition of what they match."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhi_components.core.glob import glob_matcher, glob_matches


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True),
        ("**", "x", True),
        ("?", "", False),
        ("?", "x", True),
        ("??", "x", False),
        ("*?", "x", True),
        ("?*?", "x", False),
        ("a*b", "ab", True),
        ("a*b", "a", False),
        ("a*a", "a", False),
        ("ab*ba", "aba", False),
        ("*aab", "aaaab", True),
        ("*ab*ab*", "abab", True),
        ("*ab*ab*", "aba", False),
        ("s3:get*", "s3:getobject", True),
        ("s3:Get*", "s3:getobject", False),
        ("i?m:*", "iam:", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
    ],
)
def test_what_a_pattern_matches(pattern: str, text: str, expected: bool) -> None:
    assert glob_matches(pattern, text) is expected


@settings(max_examples=500, deadline=None)
@given(st.text("ab*?", max_size=10), st.text("ab", max_size=12))
def test_it_matches_what_the_definition_says(pattern: str, text: str) -> None:
    parts = {"*": ".*", "?": "."}
    definition = "".join(parts.get(character, character) for character in pattern)
    assert glob_matches(pattern, text) is (re.fullmatch(definition, text, re.DOTALL) is not None)


@settings(deadline=None)
@given(st.text("ab*?", max_size=10))
def test_a_pattern_matches_itself_as_a_text(pattern: str) -> None:
    assert glob_matcher(pattern)(pattern)
