"""Which conditions narrow a statement."""

from __future__ import annotations

import pytest

from nhi_components.facts.aws.conditions import narrows_callers, narrows_resources, passed_to
from nhi_components.facts.aws.model import Condition
from nhi_components.facts.values import UNKNOWN, Unknown


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
    assert narrows_resources([condition("stringequals", "aws:requesttag/team", "orders")])
    assert not narrows_resources([condition("stringequals", "aws:principaltag/team", "orders")])
    assert not narrows_resources([])


@pytest.mark.parametrize(
    "given",
    [
        condition("stringequals", "aws:resourcetag/team", UNKNOWN),
        condition("stringequals", "iam:resourcetag/team", "${aws:principaltag/team}"),
        condition("arnequals", "iam:policyarn", "arn:aws:iam::111122223333:policy/orders"),
        condition("stringequals", "iam:permissionsboundary", "arn:aws:iam::111122223333:policy/limit"),
        condition("null", "aws:resourcetag/team", "false"),
        condition("stringlike", "s3:prefix", "home/orders/*"),
        condition("stringequals", "iam:awsservicename", "lambda.amazonaws.com"),
    ],
)
def test_conditions_that_choose_resources(given: Condition) -> None:
    assert narrows_resources([given])


@pytest.mark.parametrize(
    "given",
    [
        condition("stringequals", "aws:requestedregion", "eu-west-1"),
        condition("bool", "aws:multifactorauthpresent", "true"),
        condition("stringequals", "iam:passedtoservice", "lambda.amazonaws.com"),
        condition("null", "aws:resourcetag/team", "true"),
        condition("stringequals", "aws:resourcetag/team", "orders", qualifier="forallvalues"),
        condition("stringequals", "aws:principalorgid", "o-abc"),
        condition("stringlike", "iam:policyarn", "*"),
    ],
)
def test_conditions_that_choose_no_resources(given: Condition) -> None:
    assert not narrows_resources([given])


def test_the_services_to_which_a_role_may_be_passed() -> None:
    assert passed_to([]) is None
    assert passed_to([condition("stringequals", "iam:passedtoservice", "Lambda.amazonaws.com")]) == {
        "lambda.amazonaws.com"
    }
    assert passed_to([condition("stringequals", "iam:passedtoservice", UNKNOWN)]) == {"*"}
    assert passed_to([condition("stringnotequals", "iam:passedtoservice", "lambda.amazonaws.com")]) is None
    both = [condition("stringlike", "iam:passedtoservice", service, "ec2.amazonaws.com") for service in ("a", "b")]
    assert passed_to(both) == {"ec2.amazonaws.com"}
