"""What wildcards match, on AWS and on Vault."""

from __future__ import annotations

import pytest

from nhi_components.facts.aws.conditions import narrows_callers, narrows_resources
from nhi_components.facts.aws.model import Condition
from nhi_components.facts.aws.patterns import has_wildcard, is_every_action, names_nearly_everything
from nhi_components.facts.values import UNKNOWN, Unknown
from nhi_components.facts.vault import paths


@pytest.mark.parametrize("text", ["*", "?", "sqs:*", "a?b", "${aws:username}/*"])
def test_wildcards(text: str) -> None:
    assert has_wildcard(text)


@pytest.mark.parametrize("text", ["sqs:SendMessage", "${*}", "a${?}b", "${aws:PrincipalTag/team, '*'}", ""])
def test_what_only_looks_like_a_wildcard(text: str) -> None:
    assert not has_wildcard(text)


@pytest.mark.parametrize(("action", "expected"), [("*", True), ("*:*", True), ("ia?:*", True), ("s*:Get*", False)])
def test_every_action(action: str, expected: bool) -> None:
    assert is_every_action(action) is expected


@pytest.mark.parametrize(
    "arn",
    [
        "*",
        "arn:*",
        "arn:aws:*:*:*:*",
        "arn:aws:s3",
        "arn:aws:logs:*:*:*",
        "arn:aws:s3:::*",
        "arn:aws:s3:::*/*",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/*",
        "arn:aws:iam::111122223333:role/*",
        "arn:aws:iam::111122223333:*",
        "arn:aws:sqs:eu-west-1:111122223333:*-*",
        "arn:aws:kms:eu-west-1:111122223333:key/*",
        "arn:aws:lambda:eu-west-1:111122223333:function:*:live",
        "arn:aws:apigateway:eu-west-1::/restapis/*",
        "arn:aws:dynamodb:eu-west-1:111122223333:tab?e/orders",
    ],
)
def test_arns_that_name_nothing(arn: str) -> None:
    assert names_nearly_everything(arn)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:s3:::orders",
        "arn:aws:s3:::orders/*",
        "arn:*:s3:::orders/*",
        "arn:aws:sqs:*:*:orders",
        "arn:aws:sqs:eu-west-1:111122223333:orders-*",
        "arn:aws:iam::111122223333:role/service-role/*",
        "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/orders:*",
        "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/index/*",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/orders/*",
        "arn:aws:s3:::${aws:PrincipalTag/team}/*",
        "orders",
    ],
)
def test_arns_that_name_something(arn: str) -> None:
    assert not names_nearly_everything(arn)


def condition(
    operator: str, key: str, *values: str | Unknown, if_exists: bool = False, qualifier: str = ""
) -> Condition:
    return Condition(operator, key, values, qualifier, if_exists)


@pytest.mark.parametrize(
    "given",
    [
        condition("stringequals", "aws:principalorgid", "o-abc"),
        condition("stringlike", "aws:principalorgpaths", "o-abc/r-1/*", qualifier="foranyvalue"),
        condition("stringlike", "aws:userid", "AROAEXAMPLE:*"),
        condition("arnlike", "aws:sourcearn", "arn:aws:s3:::orders"),
        condition("arnlike", "aws:sourcearn", "arn:aws:sns:*:111122223333:*"),
        condition("ipaddress", "aws:sourceip", "192.0.2.0/24", "2001:db8::/32"),
        condition("stringequals", "aws:sourcevpce", UNKNOWN),
        condition("", "", UNKNOWN),
    ],
)
def test_conditions_that_narrow_callers(given: Condition) -> None:
    assert narrows_callers([condition("bool", "aws:securetransport", "true"), given])


@pytest.mark.parametrize(
    "given",
    [
        condition("bool", "aws:securetransport", "true"),
        condition("datelessthan", "aws:currenttime", "2027-01-01T00:00:00Z"),
        condition("stringequals", "aws:principaltag/team", "orders"),
        condition("stringequals", "sts:externalid", "x"),
        condition("stringequals", "aws:principalorgid", "o-abc", if_exists=True),
        condition("stringequals", "aws:principalorgpaths", "o-abc/", qualifier="forallvalues"),
        condition("stringnotequals", "aws:principalorgid", "o-abc"),
        condition("stringlike", "aws:principalorgid", "o-*"),
        condition("stringlike", "aws:principalaccount", "*"),
        condition("stringequals", "aws:principalaccount"),
        condition("arnlike", "aws:sourcearn", "arn:aws:s3:::orders", "arn:aws:s3:::*"),
        condition("arnlike", "aws:principalarn", "arn:aws:iam::*:role/admin"),
        condition("arnlike", "aws:sourcearn", "orders"),
        condition("ipaddress", "aws:sourceip", "0.0.0.0/0"),
        condition("ipaddress", "aws:sourceip", "::/0"),
        condition("ipaddress", "aws:sourceip", "everywhere"),
        condition("notipaddress", "aws:sourceip", "192.0.2.0/24"),
    ],
)
def test_conditions_that_keep_nobody_out(given: Condition) -> None:
    assert not narrows_callers([given])


def test_conditions_on_resources() -> None:
    assert narrows_resources([condition("stringequals", "aws:resourcetag/team", "orders")])
    assert narrows_resources([condition("stringlike", "ssm:resourcetag/team", "orders/*")])
    assert not narrows_resources([condition("stringlike", "aws:resourcetag/team", "*")])
    assert not narrows_resources([condition("stringequals", "aws:requesttag/team", "orders")])
    assert not narrows_resources([])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("sys/policies/acl/*", "sys/policies/+/+", True),
        ("*", "sys/raw/*", True),
        ("sys*", "sys/raw/*", True),
        ("sys/r*", "sys/raw/*", True),
        ("+/create", "auth/create", True),
        ("auth/+/create", "auth/token/create", True),
        ("auth/+/create", "auth/token/create/+", False),
        ("auth/token/create", "auth/token/create/+", False),
        ("auth/token/create*", "auth/token/create/+", True),
        ("identity/entity*", "identity/entity-alias", True),
        ("identity/e*", "identity/entity*", True),
        ("identity/g", "identity/group*", False),
        ("secret/*", "sys/raw/*", False),
        ("s+/raw", "sys/raw", False),
        ("sys", "sys/*", False),
        ("a/*/b", "a/x/b", False),
    ],
)
def test_overlapping_vault_paths(one: str, other: str, expected: bool) -> None:
    assert paths.overlaps(one, other) is expected
    assert paths.overlaps(other, one) is expected
