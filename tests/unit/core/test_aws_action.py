"""Actions as AWS documents them."""

from __future__ import annotations

import pytest

from nhi_components.core.aws_action import (
    PERMISSIONS,
    READS,
    catalogue_source,
    every_action,
    find_action,
    matching_actions,
    problem_of_action,
    services,
    takes_no_resource,
)


def test_the_catalogue_tells_where_it_is_from() -> None:
    assert any(character.isdigit() for character in catalogue_source())
    assert len(services()) > 300
    assert len(every_action()) > 15_000


@pytest.mark.parametrize(
    ("text", "level", "scopable"),
    [
        ("sqs:SendMessage", "W", True),
        ("SQS:sendmessage", "W", True),
        ("iam:AttachRolePolicy", PERMISSIONS, True),
        ("s3:GetObject", "R", True),
        ("ec2:CreateTags", "T", True),
        ("s3:ListAllMyBuckets", "L", False),
        ("ecr:GetAuthorizationToken", "R", False),
    ],
)
def test_a_documented_action(text: str, level: str, scopable: bool) -> None:
    found = find_action(text)
    assert found is not None
    assert (found.level, found.scopable) == (level, scopable)
    assert takes_no_resource(text) is not scopable
    assert (found.level in READS) is (level in "RL")


@pytest.mark.parametrize("text", ["sqs:SendMesage", "sqss:SendMessage", "SendMessage", "", ":", "sqs:", "sqs:*"])
def test_what_aws_does_not_document(text: str) -> None:
    assert find_action(text) is None
    assert not takes_no_resource(text)


def test_what_a_pattern_covers() -> None:
    assert matching_actions("*") == matching_actions("*:*") == every_action()
    assert matching_actions("iam:Pass*") == {"iam:passrole"}
    assert matching_actions("IAM:PASSROLE") == matching_actions("iam:PassRol?") == {"iam:passrole"}
    assert matching_actions("ia?:*") == matching_actions("iam:*")
    assert matching_actions("i?m:PassRole") == {"iam:passrole"}
    assert matching_actions("sqs:Nothing*") == frozenset()
    assert {"iam:attachrolepolicy", "s3:putbucketpolicy"} <= matching_actions("*:*Policy*")


@pytest.mark.parametrize(
    ("action", "fix"),
    [
        ("sqs:SendMesage", "`sqs:SendMessage`"),
        ("sqss:SendMessage", "`sqs`"),
        ("SendMessage", "`sqs:SendMessage`"),
        ("sqs:*", "list each action"),
        ("qqqqqqqq:Xyzzy", "Service Authorization Reference"),
    ],
)
def test_a_problem_says_what_to_do(action: str, fix: str) -> None:
    problem = problem_of_action("grants[0]", action)
    assert problem is not None
    assert problem.path == "grants[0]"
    assert fix in problem.fix


def test_no_problem() -> None:
    assert problem_of_action("grants[0]", "sqs:SendMessage") is None
