"""YAML is read strictly, in linear time, and without a way to crash."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.yaml_text import MalformedYaml, parse_yaml


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("---\n---\n", []),
        ("a: 1\n---\nb: [x, 2.5]\n", [{"a": 1}, {"b": ["x", 2.5]}]),
        ("a: 2026-01-15\nb: on\nc: ~\nd: ''", [{"a": "2026-01-15", "b": True, "c": None, "d": ""}]),
        ("on: 1\n1: 2\n~: 3", [{"on": 1, "1": 2, "~": 3}]),
        ("a: &x [1]\nb: [*x, *x]", [{"a": [1], "b": [[1], [1]]}]),
        ("b: &b {x: 1, y: 3}\na:\n  <<: *b\n  x: 2", [{"b": {"x": 1, "y": 3}, "a": {"x": 2, "y": 3}}]),
        ("a: !!str 5\nb: !!int '5'", [{"a": "5", "b": 5}]),
        ('{"a": [1, {"b": null}]}', [{"a": [1, {"b": None}]}]),
    ],
)
def test_plain_data_is_read(text: str, values: list[Any]) -> None:
    assert [document.value for document in parse_yaml(text)] == values


def test_each_document_knows_its_line() -> None:
    assert [document.line for document in parse_yaml("a: 1\n---\n\nb: 2\n")] == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2",
        "a: [",
        "&a [*a]",
        "a: *nothing",
        "? {a: 1}\n: 2",
        "!!python/object:os.system 1",
        "a: !Ref x",
        "a: !!binary aGk=",
        "a: !!int x",
        "a: !!bool x",
        "a: [\x00]",
        "a: \ud800",
        "<<: 5",
        "a: " + "9" * 5_000,
        "[" * 100_000 + "]" * 100_000,
        "{a: " * 20_000,
        "- " * 50_000 + "a",
        "a0: &a0 [1,1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1},*a{i - 1}]\n" for i in range(1, 60)),
    ],
)
def test_what_is_ambiguous_or_hostile_is_refused(text: str) -> None:
    with pytest.raises(MalformedYaml) as refused:
        parse_yaml(text)
    assert "\n" not in str(refused.value)


def test_half_a_character_is_refused_with_its_place() -> None:
    with pytest.raises(MalformedYaml, match=r"half a character at line 2, column 4$"):
        parse_yaml("a: 1\nb: \ud800")
