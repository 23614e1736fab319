"""What the wildcards in AWS actions and ARNs match."""

from __future__ import annotations

import pytest

from nhi_components.facts.aws.patterns import Reach, has_wildcard, is_own_principal, names_nearly_everything, reach_of


@pytest.mark.parametrize("text", ["*", "?", "sqs:*", "a?b", "${aws:username}/*"])
def test_wildcards(text: str) -> None:
    assert has_wildcard(text)


@pytest.mark.parametrize("text", ["sqs:SendMessage", "${*}", "a${?}b", "${aws:PrincipalTag/team, '*'}", ""])
def test_what_only_looks_like_a_wildcard(text: str) -> None:
    assert not has_wildcard(text)


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


@pytest.mark.parametrize(
    ("arn", "service", "kind"),
    [
        ("*", "", ""),
        ("arn:aws:*:*:*:*", "", ""),
        ("arn:aws:s3:::*", "s3", ""),
        ("arn:aws-cn:S3:::*", "s3", ""),
        ("arn:aws:sqs:*:*:*", "sqs", ""),
        ("arn:aws:iam::111122223333:role/*", "iam", "role"),
        ("arn:aws:iam::*:user/*", "iam", "user"),
        ("arn:aws:logs:eu-west-1:111122223333:log-group:*", "logs", "log-group"),
        ("arn:aws:dynamodb:eu-west-1:111122223333:tab?e/*", "dynamodb", ""),
        ("arn:aws:dynamodb", "dynamodb", ""),
    ],
)
def test_what_a_nameless_pattern_reaches(arn: str, service: str, kind: str) -> None:
    assert reach_of(arn) == Reach(service, kind)


@pytest.mark.parametrize("arn", ["arn:aws:s3:::orders/*", "arn:aws:iam::111122223333:role/orders-*", "orders"])
def test_a_pattern_with_a_name_reaches_only_that(arn: str) -> None:
    assert reach_of(arn) is None


def test_the_caller_itself() -> None:
    assert is_own_principal("arn:aws:iam::*:user/${aws:username}")
    assert not is_own_principal("arn:aws:iam::*:user/orders")
    assert not is_own_principal("arn:aws:s3:::home/${aws:username}")
