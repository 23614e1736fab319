"""Strict JSON: what is ambiguous is refused, and no message quotes what stands in a document."""

from __future__ import annotations

import pytest

from nhi_components.facts.values import MalformedJson, parse_json


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ('[{"b": {"a": 1, "c": 0, "a": 1}}]', "the key 'a' stands twice"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ('{"a": }', "at line 1, column 7"),
        ('{\n"a": "s3cret', "at line 2, column 6"),
        ("", "at line 1, column 1"),
        ('{"a": 1} {"a": 2}', "extra data at line 1, column 10"),
        ("[" * 200_000, "nested too deeply"),
        ("1" * 10_000, "more digits"),
    ],
)
def test_what_is_ambiguous_or_broken_is_refused(text: str, message: str) -> None:
    with pytest.raises(MalformedJson) as caught:
        parse_json(text)
    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_what_is_plain_is_read() -> None:
    assert parse_json(' {"a": [1, true, null, {"b": "x"}]} ') == {"a": [1, True, None, {"b": "x"}]}
