"""Conditions of a grant: checked, frozen, written into the policy; Vault knows none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nhi_components.aws.documents import grants_document
from nhi_components.core.errors import SpecError
from nhi_components.core.grant import Grant, vault_grant_problems

BUCKET = "arn:aws:s3:::orders-in"
CONDITIONS = {"StringLike": {"s3:prefix": ["in/*"]}, "Bool": {"aws:SecureTransport": ["true"]}}


def listing(conditions: Any) -> Grant:
    return Grant(actions=["s3:ListBucket"], targets=[BUCKET], conditions=conditions)


def statement(grant: Grant) -> dict[str, Any]:
    document = json.loads(grants_document([grant], [[BUCKET]], "2026-12-31", None))
    found: dict[str, Any] = document["Statement"][0]
    return found


def test_the_policy_says_the_conditions() -> None:
    assert statement(listing(CONDITIONS)) == {
        "Sid": "Grant0",
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": [BUCKET],
        "Condition": CONDITIONS,
    }
    assert "Condition" not in statement(listing(None))


def test_conditions_are_frozen() -> None:
    given = {"StringLike": {"s3:prefix": ["in/*"]}}
    conditions: Any = listing(given).conditions
    given["StringLike"]["s3:prefix"].append("*")
    given["StringLike"]["s3:delimiter"] = ["/"]
    assert conditions == {"StringLike": {"s3:prefix": ("in/*",)}}
    with pytest.raises(TypeError):
        conditions["StringLike"] = {}
    with pytest.raises(TypeError):
        conditions["StringLike"]["s3:prefix"] = ("*",)


@pytest.mark.filterwarnings("error")
def test_conditions_survive_writing_and_reading() -> None:
    grant = listing(CONDITIONS)
    assert Grant.parse(json.loads(grant.model_dump_json())) == grant


@pytest.mark.parametrize(
    "operator",
    [
        "StringEquals",
        "StringNotEqualsIgnoreCase",
        "ForAllValues:StringLike",
        "ForAnyValue:ArnNotLike",
        "NumericLessThanEquals",
        "DateNotEquals",
        "NotIpAddress",
        "BoolIfExists",
        "ArnEqualsIfExists",
        "Null",
    ],
)
def test_operators_of_iam_are_taken(operator: str) -> None:
    assert listing({operator: {"aws:x": ["y"]}}).conditions is not None


@pytest.mark.parametrize(
    "operator", ["stringEquals", "StringLikes", "NullIfExists", "ForEach:StringLike", "BoolNot", ""]
)
def test_other_operators_are_refused(operator: str) -> None:
    with pytest.raises(SpecError, match="a condition operator of IAM"):
        listing({operator: {"aws:x": ["y"]}})


@pytest.mark.parametrize(
    ("conditions", "path"),
    [
        ({}, "conditions"),
        ({"Bool": {}}, "conditions.Bool"),
        ({"Bool": {"aws:x": []}}, "conditions.Bool.aws:x"),
        ({"Bool": {"aws:x": "true"}}, "conditions.Bool.aws:x"),
        ({"Bool": {"aws:x": [True]}}, "conditions.Bool.aws:x[0]"),
        ({"Bool": {"x": ["true"]}}, "conditions.Bool.x.[key]"),
        ({"Bool": {"aws: x ": ["true"]}}, "conditions.Bool.aws: x .[key]"),
        ("Bool", "conditions"),
    ],
)
def test_a_condition_that_says_nothing_is_refused(conditions: Any, path: str) -> None:
    with pytest.raises(SpecError) as error:
        listing(conditions)
    assert [problem.path for problem in error.value.problems] == [path]


def test_vault_knows_no_conditions() -> None:
    grant = Grant(actions=["read"], targets=["secret/data/orders"], conditions=CONDITIONS)
    (problem,) = vault_grant_problems([grant])
    assert (problem.path, problem.got, problem.expected) == (
        "grants[0].conditions",
        "StringLike, Bool",
        "none on Vault",
    )
