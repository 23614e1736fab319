"""What our reading of policies says is allowed, against an emulator that evaluates IAM: generated policies, real calls.

Both answer the same question of the same policy on one user, with and without a boundary.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from nhi_components.core.aws_action import matching_actions
from nhi_components.core.glob import glob_matches
from nhi_components.facts import DocumentKind, read_document
from nhi_components.facts.aws.model import GrantDocument, Statement
from tests.engine.access import queue_arn
from tools.lab.sandbox.aws import ACCOUNT

Clients = Callable[..., Any]
Document = dict[str, Any]

USER = "orders"
POLICIES = 100
REFUSED = {"AccessDenied", "AccessDeniedException", "AccessDenied.Forbidden", "403"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"

ACTIONS = [
    "*",
    "sqs:*",
    "SQS:sendmessage",
    "sqs:Send*",
    "sqs:SendMessag?",
    "sqs:Get*",
    "s3:*",
    "s3:GetObject",
    "s3:*Object",
]
ACTIONS += ["iam:Get*", "iam:GetRole", "?am:GetRole", "s3:PutObject", "sqs:GetQueueAttributes"]
RESOURCES = [
    "*",
    queue_arn("orders"),
    queue_arn("inv*"),
    queue_arn("*"),
    "arn:aws:s3:::orders/*",
    "arn:aws:s3:::orders/a?",
]
RESOURCES += ["arn:aws:s3:::*", ROLE, f"arn:aws:iam::{ACCOUNT}:role/*", f"arn:aws:iam::{ACCOUNT}:*"]


class Call(NamedTuple):
    """One call, and what IAM asks for it."""

    action: str
    resource: str
    service: str
    method: str
    arguments: dict[str, Any]


def statement(chance: random.Random) -> Document:
    """Draw a statement of any form."""

    def some(texts: list[str]) -> Any:
        drawn = chance.sample(texts, chance.choice([1, 1, 2, 3]))
        return drawn[0] if len(drawn) == 1 else drawn

    return {
        "Effect": chance.choice(["Allow", "Allow", "Deny"]),
        chance.choice(["Action", "Action", "Action", "NotAction"]): some(ACTIONS),
        chance.choice(["Resource", "Resource", "Resource", "NotResource"]): some(RESOURCES),
    }


def policy(chance: random.Random) -> Document:
    return {"Version": "2012-10-17", "Statement": [statement(chance) for _ in range(chance.randrange(1, 4))]}


def allows(document: Document, boundary: Document | None, action: str, resource: str) -> bool:
    """Ask our reading whether anything is left of one action on one resource, after every Deny and the boundary."""
    granting = [s for s in read(document, None).statements if s.allows and covers(s, action, resource)]
    if not granting:
        return False
    denials = [s for s in document["Statement"] if s["Effect"] == "Deny"]
    asked = {"Effect": "Allow", "Action": action, "Resource": resource}
    return bool(read({**document, "Statement": [asked, *denials]}, boundary).permissions.each)


def covers(given: Statement, action: str, resource: str) -> bool:
    texts = given.actions if given.not_actions is None else given.not_actions
    acts = any(action.lower() in matching_actions(text) for text in texts) is (given.not_actions is None)
    patterns = given.resources if given.not_resources is None else given.not_resources
    return acts and any(glob_matches(text, resource) for text in patterns) is (given.not_resources is None)


def read(document: Document, boundary: Document | None) -> GrantDocument:
    context = {} if boundary is None else {"boundary": boundary}
    facts = read_document(DocumentKind.POLICY_DOCUMENT, "document", document, context)
    (found,) = [fact for fact in facts if isinstance(fact, GrantDocument)]
    return found


@pytest.fixture
def calls(aws_client: Clients) -> list[Call]:
    """Calls on two queues, two objects and a role, all of which exist."""
    made: list[Call] = []
    for name in ("orders", "invoices"):
        url = aws_client("sqs").create_queue(QueueName=name)["QueueUrl"]
        sends = {"QueueUrl": url, "MessageBody": "x"}
        made.append(Call("sqs:SendMessage", queue_arn(name), "sqs", "send_message", sends))
        made.append(Call("sqs:GetQueueAttributes", queue_arn(name), "sqs", "get_queue_attributes", {"QueueUrl": url}))
    aws_client("s3").create_bucket(
        Bucket="orders", CreateBucketConfiguration={"LocationConstraint": aws_client("s3").meta.region_name}
    )
    for key in ("a1", "b/c"):
        aws_client("s3").put_object(Bucket="orders", Key=key, Body=b"x")
        named = {"Bucket": "orders", "Key": key}
        made.append(Call("s3:GetObject", f"arn:aws:s3:::orders/{key}", "s3", "get_object", named))
        made.append(Call("s3:PutObject", f"arn:aws:s3:::orders/{key}", "s3", "put_object", named))
    trust = {
        "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    }
    aws_client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))
    made.append(Call("iam:GetRole", ROLE, "iam", "get_role", {"RoleName": "reader"}))
    return made


def is_let_through(client: Any, call: Call) -> bool:
    try:
        getattr(client, call.method)(**call.arguments)
    except ClientError as refused:
        if refused.response["Error"]["Code"] in REFUSED:
            return False
        raise
    return True


@pytest.mark.parametrize("with_boundary", [False, True], ids=["alone", "under a boundary"])
def test_the_emulator_agrees_on_generated_policies(aws_client: Clients, calls: list[Call], with_boundary: bool) -> None:
    chance = random.Random(7)  # noqa: S311 - the same policies in every run
    iam = aws_client("iam")
    iam.create_user(UserName=USER)
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    clients = {service: aws_client(service, **keys) for service in ("sqs", "s3", "iam")}
    differences = []
    allowed = 0
    for number in range(POLICIES):
        given, boundary = policy(chance), policy(chance) if with_boundary else None
        iam.put_user_policy(UserName=USER, PolicyName="drawn", PolicyDocument=json.dumps(given))
        if boundary is not None:
            made = iam.create_policy(PolicyName=f"boundary-{number}", PolicyDocument=json.dumps(boundary))
            iam.put_user_permissions_boundary(UserName=USER, PermissionsBoundary=made["Policy"]["Arn"])
        for call in calls:
            ours = allows(given, boundary, call.action, call.resource)
            theirs = is_let_through(clients[call.service], call)
            allowed += ours
            if ours is not theirs:
                differences.append((call.action, call.resource, ours, given, boundary))
    assert not differences, "\n".join(map(str, differences))
    assert 0 < allowed < POLICIES * len(calls)
