"""The double evaluates conditions as CEL has them, and refuses what is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.doubles.gcp.cel import CelError
from tools.doubles.gcp.conditions import check_federation, check_policy_condition, evaluate, policy_condition_holds

NOW = datetime(2030, 6, 1, 12, tzinfo=UTC)
OBJECT = {
    "name": "projects/_/buckets/orders/objects/in/2030.csv",
    "type": "storage.googleapis.com/Object",
    "service": "storage.googleapis.com",
}


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ('request.time < timestamp("2030-06-02T00:00:00Z")', True),
        ('request.time < timestamp("2030-06-01T12:00:00Z")', False),
        ('request.time <= timestamp("2030-06-01T14:00:00+02:00")', True),
        ('request.time > timestamp("1970-01-01T00:00:00Z") && request.time < timestamp("1970-01-01T00:00:00Z")', False),
        ('resource.name.startsWith("projects/_/buckets/orders/objects/in/")', True),
        ("resource.name.startsWith('projects/_/buckets/orders/objects/out/')", False),
        ('resource.name.endsWith(".csv") || false', True),
        ('!(resource.type == "storage.googleapis.com/Bucket")', True),
        ('resource.service != "storage.googleapis.com"', False),
        ('resource.name.extract("objects/{folder}/") == "in"', True),
        ('resource.name.extract("nothing/{folder}/") == ""', True),
        ("request.time + duration('1h30m') > timestamp('2030-06-01T13:00:00Z')", True),
        ("request.time - timestamp('2030-06-01T00:00:00Z') == duration('43200s')", True),
        ("request.time.getFullYear() == 2030 && request.time.getHours('Europe/Berlin') == 14", True),
        ("request.time.getDayOfWeek() in [0, 6]", True),
        ("request.time < date('2030-06-02')", True),
        ('true ? resource.type.startsWith("storage") : false', True),
        ("(1 + 2) * 3 == 9 && -1 < 0 && 7 % 4 == 3 && 7 / 2 == 3", True),
        (r'resource.name != "a\"b\u0041\n" && r"\d" == "\\d"', True),
    ],
)
def test_a_condition_holds_or_does_not(expression: str, holds: bool) -> None:
    check_policy_condition(expression)
    assert policy_condition_holds(expression, NOW, OBJECT) is holds


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "Syntax error"),
        ("request.time <", "Syntax error: mismatched input '<EOF>'"),
        ("request.time < timestamp('2030-01-01T00:00:00Z'", "expecting ')'"),
        ('resource.name == "unclosed', "token recognition error"),
        (r'resource.name == "\."', "token recognition error"),
        ("resource.name = 'x'", "token recognition error"),
        ("resource.name == 'x' resource", "extraneous input 'resource'"),
        ("assertion.sub == 'x'", "undeclared reference to 'assertion'"),
        ("request.auth == 'x'", "undefined field 'auth'"),
        ("resource.name.matches('x')", "undeclared reference to 'matches'"),
        ("resource.name", "expected type 'bool' but found 'string'"),
        ("request.time < '2030-01-01'", "no matching overload for '_<_'"),
        ("request.time == '2030-01-01'", "no matching overload for '_==_'"),
        ("true || resource.name", "no matching overload for '_||_'"),
        ("true || request.time < 3", "no matching overload for '_<_'"),
        ("request.time < timestamp('2030-13-01T00:00:00Z')", "invalid timestamp"),
        ("request.time < timestamp('2030-01-01')", "invalid timestamp"),
        ("duration('1 day') == duration('24h')", "invalid duration"),
        ("!resource.name", "no matching overload for '_!_'"),
        ("resource.name.startsWith()", "no matching overload for 'startsWith'"),
        ("request.time.getHours('Nowhere/At all') == 1", "unknown time zone"),
        ("(" * 100 + "true" + ")" * 100, "recursion limit"),
    ],
)
def test_what_is_no_condition_is_refused(expression: str, words: str) -> None:
    with pytest.raises(CelError) as refused:
        check_policy_condition(expression)
    assert words in str(refused.value)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_either_a_condition_or_refused_as_none(start: str, end: str) -> None:
    for expression in (start, f"request.time {start}", f"resource.name == '{start}' && {end}"):
        try:
            check_policy_condition(expression)
        except CelError:
            continue
        assert policy_condition_holds(expression, NOW, OBJECT) in (True, False)


CLAIMS: dict[str, Any] = {
    "sub": "repo:shop/orders:ref:refs/heads/main",
    "repository": "shop/orders",
    "run_attempt": 2,
    "groups": ["dev", "ops"],
    "kubernetes.io": {"namespace": "orders"},
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("assertion.sub", CLAIMS["sub"]),
        ("assertion.repository == 'shop/orders' && assertion.sub.contains('heads/main')", True),
        ("assertion.repository.matches('^shop/[a-z]+$')", True),
        ("assertion['kubernetes.io'].namespace", "orders"),
        ("'ops' in assertion.groups && !('root' in assertion.groups)", True),
        ("has(assertion.ref) ? assertion.ref : 'none'", "none"),
        ("has(assertion.repository)", True),
        ("string(assertion.run_attempt) + '-' + assertion.groups[0]", "2-dev"),
        ("size(assertion.groups) == 2 && assertion.groups.size() == 2", True),
        ("assertion.ref == 'x' || assertion.repository == 'shop/orders'", True),
        ("assertion.ref == 'x' && false", False),
        ("assertion.sub.upperAscii().startsWith('REPO')", True),
    ],
)
def test_an_expression_of_federation_is_evaluated(expression: str, value: Any) -> None:
    check_federation(expression, frozenset({"assertion"}))
    assert evaluate(expression, {"assertion": CLAIMS}) == value


@pytest.mark.parametrize(
    "expression", ["assertion.ref", "assertion.groups[2]", "assertion.sub.name", "assertion.sub + 1"]
)
def test_an_expression_that_fails_says_so(expression: str) -> None:
    check_federation(expression, frozenset({"assertion"}))
    with pytest.raises(CelError):
        evaluate(expression, {"assertion": CLAIMS})


@pytest.mark.parametrize("expression", ["attribute.x", "assertion.sub.split('/')[0]", "resource.name", "assertion.["])
def test_an_expression_of_federation_names_what_there_is(expression: str) -> None:
    with pytest.raises(CelError):
        check_federation(expression, frozenset({"assertion"}))
