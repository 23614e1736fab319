"""The resources on which intents are tried: what is granted on is called orders, what is not is called invoices."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tools.lab.sandbox.aws import ACCOUNT, REGION

Clients = Callable[..., Any]

OURS = "orders"
OTHERS = "invoices"
INDEX = "by-customer"
BUCKETS = {OURS: "orders-objects", OTHERS: "invoices-objects"}


def arn(service: str, resource: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def role_arn(name: str) -> str:
    return arn("iam", f"role/{name}", region="")


@dataclass(frozen=True)
class Key:
    """A key of KMS, and what is encrypted under it."""

    arn: str
    ciphertext: bytes = b"x"


@dataclass(frozen=True)
class World:
    """What gets its name from AWS, ours and others'."""

    secrets: dict[str, str]
    keys: dict[str, Key]


IMAGINED = World(
    secrets={name: arn("secretsmanager", f"secret:{name}/database-a1B2c3") for name in (OURS, OTHERS)},
    keys={name: Key(arn("kms", f"key/{name}-1234")) for name in (OURS, OTHERS)},
)
"""The same names without an emulator."""


def make_world(client: Clients) -> World:
    """Make everything in an empty emulator."""
    for name in (OURS, OTHERS):
        client("sqs").create_queue(QueueName=name)
        client("sns").create_topic(Name=name)
        make_bucket(client("s3"), BUCKETS[name])
        _make_table(client("dynamodb"), name)
        client("ssm").put_parameter(Name=f"/{name}/database", Value="x", Type="String")
        client("events").create_event_bus(Name=name)
        client("kinesis").create_stream(StreamName=name, ShardCount=1)
        client("ecr").create_repository(repositoryName=f"{name}/api")
        client("logs").create_log_group(logGroupName=f"/{name}/api")
        make_role(client, f"{name}-reader", {})
    return World(
        {name: client("secretsmanager").create_secret(Name=name, SecretString="x")["ARN"] for name in (OURS, OTHERS)},
        {name: _make_key(client("kms")) for name in (OURS, OTHERS)},
    )


def make_role(client: Clients, name: str, policy: dict[str, Any] | str) -> str:
    """Make a role that everybody in the account may become, as far as its trust goes."""
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    trust = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **trust}))
    if policy:
        client("iam").put_role_policy(RoleName=name, PolicyName="grants", PolicyDocument=policy)
    return role_arn(name)


def make_bucket(s3: Any, name: str) -> None:
    """Make a bucket with the objects `in/1` and `out/1`."""
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in ("in/1", "out/1"):
        s3.put_object(Bucket=name, Key=key, Body=b"x")


def _make_table(dynamodb: Any, name: str) -> None:
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("id", "customer")],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
            for index in (INDEX, "by-day")
        ],
    )


def _make_key(kms: Any) -> Key:
    made = kms.create_key()["KeyMetadata"]["Arn"]
    return Key(made, ciphertext=kms.encrypt(KeyId=made, Plaintext=b"x")["CiphertextBlob"])
