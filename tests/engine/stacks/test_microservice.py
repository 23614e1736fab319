"""A microservice with its identity on AWS and in Vault: used, then removed with tokens and Vault access."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.engine.access import allowed, log_in, reads
from tests.engine.inventory import everything
from tests.engine.programs import assert_gone
from tests.engine.stacks.conftest import Stack
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT, REGION

BUCKET = "checkout-settings-trial"


def task_session(sandbox: Sandbox, role_arn: str) -> dict[str, str]:
    """Credentials of the task, as ECS would hand them out: the account's root lets itself in for a moment."""
    iam, name = sandbox.aws.client("iam"), role_arn.rsplit("/", 1)[1]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    door = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps({**trust, "Statement": [door]}))
    opened = sandbox.aws.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="task")["Credentials"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    return {
        "aws_access_key_id": opened["AccessKeyId"],
        "aws_secret_access_key": opened["SecretAccessKey"],
        "aws_session_token": opened["SessionToken"],
    }


def test_it_uses_what_is_its_own_until_it_is_removed(stack: Callable[[str], Stack], sandbox: Sandbox) -> None:
    bucket = sandbox.aws.client("s3")
    bucket.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in ("checkout/flags", "others/flags"):
        bucket.put_object(Bucket=BUCKET, Key=key, Body=b"on")
    service = stack("microservice")
    service.configure(microservice__settings_bucket=BUCKET)
    service.up()
    outputs = service.outputs()
    keys = task_session(sandbox, outputs["task_role_arn"])
    s3, sqs = sandbox.aws.client("s3", **keys), sandbox.aws.client("sqs", **keys)
    token = log_in(sandbox.vault.client, {"role": outputs["vault_role"], "role_id": outputs["vault_role_id"]})
    assert allowed(sqs.send_message, QueueUrl=outputs["queue_url"], MessageBody="order")
    assert not allowed(sqs.receive_message, QueueUrl=outputs["queue_url"])
    assert allowed(s3.get_object, Bucket=BUCKET, Key="checkout/flags")
    assert not allowed(s3.get_object, Bucket=BUCKET, Key="others/flags")
    assert not allowed(s3.put_object, Bucket=BUCKET, Key="checkout/flags", Body=b"off")
    assert reads(token, outputs["vault_secret"])

    service.destroy()
    assert not allowed(sqs.send_message, QueueUrl=outputs["queue_url"], MessageBody="order")
    assert not reads(token, outputs["vault_secret"])
    assert everything(sandbox) == {}
    assert_gone(service, outputs["task_lease"], outputs["vault_lease"])
