"""Intents in a program on the real engine: on resources that it makes itself, known only at deployment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.engine.access import OTHER_QUEUE, RoleSession, make_queues
from tests.engine.intents.world import BUCKETS, OURS, make_bucket
from tests.engine.programs import aws_bundle, program
from tools.lab.project import Project

QUEUE = "orders-made-here"
BUCKET = BUCKETS[OURS]
MAKE = f"""
queue = pulumi_aws.sqs.Queue("queue", name={QUEUE!r})
bucket_arn = queue.id.apply(lambda _: "arn:aws:s3:::{BUCKET}")
"""
GRANTS = """(
    aws.intents.sqs.send(queue.arn)
    + aws.intents.s3.read_objects(bucket_arn, prefix="in/")
    + aws.intents.s3.list_objects(bucket_arn, prefix="in/")
)"""


def test_intents_on_resources_of_the_same_program(
    project: Callable[..., Project], aws_client: Callable[..., Any]
) -> None:
    make_queues(aws_client)
    make_bucket(aws_client("s3"), BUCKET)
    stack = project(program(MAKE, aws_bundle(grants=GRANTS)))
    stack.preview()
    stack.up()
    session = RoleSession(aws_client, stack.outputs()["orders-aws"]["arn"])

    assert session.sends(QUEUE)
    assert not session.receives(QUEUE)
    assert not session.sends(OTHER_QUEUE)
    assert session.may("s3", "get_object", Bucket=BUCKET, Key="in/1")
    assert not session.may("s3", "get_object", Bucket=BUCKET, Key="out/1")
    assert session.may("s3", "list_objects_v2", Bucket=BUCKET, Prefix="in/")
    assert not session.may("s3", "list_objects_v2", Bucket=BUCKET)
    stack.up("--expect-no-changes")


def test_a_target_that_turns_out_to_be_something_else_ends_the_deployment_before_there_is_a_policy(
    project: Callable[..., Project], aws_client: Callable[..., Any]
) -> None:
    stack = project(program(MAKE, aws_bundle(grants="aws.intents.sqs.send(bucket_arn)")))
    stack.preview()
    told = stack.up(check=False)
    assert told.code != 0
    assert "intent 'sqs.send', known at deployment: 1 problem" in told.text
    assert f"arn:aws:s3:::{BUCKET}" in told.text
    assert "Traceback" not in told.text
    iam = aws_client("iam")
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    assert [role for role in roles if iam.list_role_policies(RoleName=role)["PolicyNames"]] == []
