"""Conditions of Google Cloud: which comparisons an expression requires."""

from __future__ import annotations

import time

import pytest

from nhi_components.facts.gcp.conditions import Both, Comparison, Condition, Either, parse

REPOSITORY = Comparison("assertion.repository", "==", ("org/app",))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("assertion.repository == 'org/app'", REPOSITORY),
        ('"org/app" == assertion.repository', REPOSITORY),
        ("((assertion.repository=='org/app'))", REPOSITORY),
        ("assertion['repository'] == 'org/app'", REPOSITORY),
        ("assertion.repository\n  ==\n  r'org/app'", REPOSITORY),
        (r"assertion.repository == 'org\/app'", REPOSITORY),
        ("assertion.repository != 'a'", Comparison("assertion.repository", "!=", ("a",))),
        ("assertion.repository in ['a', 'b']", Comparison("assertion.repository", "in", ("a", "b"))),
        ("resource.name.startsWith('a')", Comparison("resource.name", "startsWith", ("a",))),
        ("resource.matchTag('k', 'v')", Comparison("resource", "matchTag", ("k", "v"))),
        ("resource.name.extract('x/{y}') == 'z'", Comparison("resource.name", "derived", ("z",))),
        (
            "request.time < timestamp('2030-01-01T00:00:00Z')",
            Comparison("request.time", "<", ("2030-01-01T00:00:00Z",)),
        ),
        ("a.b == a.c", Comparison("a.b", "==", ())),
        ("a == 'x' && b == 'y'", Both((Comparison("a", "==", ("x",)), Comparison("b", "==", ("y",))))),
        ("a == 'x' || b == 'y'", Either((Comparison("a", "==", ("x",)), Comparison("b", "==", ("y",))))),
        (
            "a == 'x' || b == 'y' && c == '&&'",
            Either(
                (Comparison("a", "==", ("x",)), Both((Comparison("b", "==", ("y",)), Comparison("c", "==", ("&&",)))))
            ),
        ),
    ],
)
def test_an_expression_becomes_a_tree(expression: str, expected: object) -> None:
    assert parse(expression) == expected


@pytest.mark.parametrize(
    "expression",
    ["", "!(a == 'x')", "!a.b", "a ? b == 'x' : c == 'x'", "a == a", "'x' in a", "a ==", "a == 'x", "§", "a b", "["],
)
def test_what_is_not_understood_narrows_nothing(expression: str) -> None:
    assert not Condition("place", expression).requires(lambda comparison: bool(comparison.values))


def test_or_needs_every_branch_and_and_needs_one() -> None:
    def on_a(comparison: Comparison) -> bool:
        return comparison.subject == "a"

    assert Condition("", "a == 'x' && b == 'y'").requires(on_a)
    assert not Condition("", "a == 'x' || b == 'y'").requires(on_a)
    assert Condition("", "(a == 'x' && b == 'y') || a == 'z'").requires(on_a)
    assert not Condition("", "true").requires(on_a)


def test_an_expression_that_is_not_known_is_not_judged() -> None:
    assert Condition("place", None).requires(lambda comparison: False)


@pytest.mark.parametrize(
    "expression", ["(" * 19_000, "(a||" * 4_000 + "a" + ")" * 4_000, "a[" * 9_000, "!" * 19_000, "a" * 1_000_000]
)
def test_hostile_expressions_take_no_time(expression: str) -> None:
    start = time.process_time()
    assert not Condition("", expression).requires(lambda comparison: bool(comparison.values))
    assert time.process_time() - start < 2
