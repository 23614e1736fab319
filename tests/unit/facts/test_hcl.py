"""The parser of Vault's HCL; what OpenBao makes of the same texts is tried in tests/engine."""

from __future__ import annotations

import contextlib
import time

import pytest

from nhi_components.facts.vault.hcl import Body, Item, MalformedHcl, parse_hcl

SECONDS = 5
"""A quadratic parser would need minutes; a slow and busy machine needs a second."""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('a = "x"', "x"),
        ('a = ["x", "y",]', ["x", "y"]),
        ("a = []", []),
        ("a = 12", "12"),
        ("a = -1.5e3", "-1.5e3"),
        ("a = true", True),
        ('a = "say \\"x\\"\\u0041"', 'say "x"A'),
        ("a = <<END\nx }\nEND\n", "x }\n"),
        ("a = <<-END\n  x\n  END", "  x\n"),
        ("# c\n// c\n/* c **/ a = 1 // c", "1"),
        ('a = "# no // comment /* here */"', "# no // comment /* here */"),
    ],
)
def test_values(text: str, value: object) -> None:
    (item,) = parse_hcl(text)
    assert item.keys == ("a",)
    assert item.value == value


def test_blocks_keep_their_order_and_their_repeats() -> None:
    body = parse_hcl('path "a" { x = 1, x = 2 }\n"path" "a" {}')
    assert body == Body(
        [
            Item(("path", "a"), Body([Item(("x",), "1", 1), Item(("x",), "2", 1)]), 1),
            Item(("path", "a"), Body(), 2),
        ]
    )


def test_items_know_the_lines_on_which_they_begin() -> None:
    (outer, last) = parse_hcl('\na "b" {\n  c = 1\n\n  d = 2\n}\ne = 3\n')
    assert (outer.line, last.line) == (2, 7)
    assert [item.line for item in outer.value] == [3, 5]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('path "a" {', "line 1, column 11"),
        ('path "a" {\n  x = \n}', "line 3, column 1"),
        ('path "a" { x = ["a" "b"] }', "line 1, column 21"),
        ('path "a', "line 1, column 6"),
        ("path 'a' {}", "line 1, column 6"),
        ('a = "\\q"', "line 1, column 5"),
        ("/* a", "line 1, column 1"),
        ("a = <<END\nx", "line 2, column 1"),
        ("a", "line 1, column 2"),
        ("= 1", "line 1, column 1"),
        ("a = b", "line 1, column 5"),
        ("a = 1x", "line 1, column 5"),
        ("a = " + "[" * 40, "line 1, column 37"),
    ],
)
def test_what_is_not_hcl_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(MalformedHcl, match=place):
        parse_hcl(text)


def test_a_message_never_quotes_the_text() -> None:
    with pytest.raises(MalformedHcl) as caught:
        parse_hcl('token = "hvs.SECRET" hvs.SECRET')
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "unit", ['path "a" { capabilities = ["read"] }\n', "# a comment\n", "[", '"', "/*", "<<E\n", "\\", "a ", "{{"]
)
def test_time_is_linear_in_the_length(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    started = time.process_time()
    with contextlib.suppress(MalformedHcl):
        parse_hcl(text)
    assert time.process_time() - started < SECONDS
