"""Resources of somebody else's on the emulated AWS, whose policies may name an identity, and their use by it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from nhi_components.core.delegation import (
    ResourceKind,
    delegated_path_attributes,
    delegated_path_name,
    delegation_sid,
)
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from tests.conformance.aws_world import AwsWorld, allowed, document, names
from tools.lab.sandbox import aws as lab

ACTIONS = {
    ResourceKind.BUCKET: ["s3:PutObject", "s3:ListBucket"],
    ResourceKind.QUEUE: ["sqs:SendMessage"],
    ResourceKind.TOPIC: ["sns:Publish"],
    ResourceKind.KEY: ["kms:Encrypt"],
    ResourceKind.SECRET: ["secretsmanager:DescribeSecret"],
    ResourceKind.ROLE: ["sts:AssumeRole"],
}
ADMINISTRATORS = {
    "Sid": "Administrators may do it",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{lab.ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def listed(statements: Any) -> list[dict[str, Any]]:
    """A single statement may stand without a list."""
    return [statements] if isinstance(statements, dict) else list(statements)


class Resource:
    """One resource; it begins with a statement of its owner's, where `policy` says so.

    Attributes:
        kind: what it is.
        arn: its ARN.
    """

    def __init__(self, world: AwsWorld, kind: ResourceKind) -> None:
        self.kind = kind
        self._client = world.server.client
        self._world = world
        self._name = f"resource-{os.urandom(5).hex()}"
        self.arn: str = getattr(self, f"_make_{kind}")()

    @property
    def policy(self) -> dict[str, Any] | None:
        """The policy as the service has it."""
        text = getattr(self, f"_policy_of_{self.kind}")()
        return (json.loads(text) if isinstance(text, str) else text) or None

    @policy.setter
    def policy(self, document: dict[str, Any]) -> None:
        getattr(self, f"_put_on_{self.kind}")(json.dumps(document))

    def add(self, *statements: dict[str, Any]) -> None:
        """Add statements by hand."""
        before = self.policy or {"Version": "2012-10-17"}
        self.policy = {**before, "Statement": [*self.statements, *statements]}

    @property
    def statements(self) -> list[dict[str, Any]]:
        """The policy's statements."""
        return listed((self.policy or {}).get("Statement", []))

    def statement(self, principal: Any, sid: str | None = "ByHand") -> dict[str, Any]:
        """A statement that lets somebody do the usual."""
        scope = {
            ResourceKind.BUCKET: {"Resource": [self.arn, f"{self.arn}/*"]},
            ResourceKind.ROLE: {},
        }.get(self.kind, {"Resource": self.arn})
        named = {"Sid": sid} if sid else {}
        return {**named, "Effect": "Allow", "Principal": {"AWS": principal}, "Action": ACTIONS[self.kind], **scope}

    def declared(self, world: AwsWorld, tags: LeaseTags, index: int = 0, **changes: Any) -> Link:
        """The link that a component makes of a delegation on it."""
        sid = delegation_sid(tags.lease, index)
        actions = changes.pop("actions", ACTIONS[self.kind])
        attributes = delegated_path_attributes(names(tags)[0], world.role_arn(tags), self.arn, actions, **changes)
        return Link(System.AWS, LinkKind.DELEGATED_PATH, delegated_path_name(self.arn, sid), attributes=attributes)

    def use(self, tags: LeaseTags) -> Callable[[], bool]:
        """Open a session of the identity; the answer uses the resource once more with it.

        For a role of the same account the emulator asks for both, the trust and a permission of the identity's own,
        where AWS is content with a trust that names the identity itself.
        """
        if self.kind is ResourceKind.ROLE:
            permission = document(Action="sts:AssumeRole", Resource="*")
            role = names(tags)[0]
            self._world.iam.put_role_policy(RoleName=role, PolicyName="assume", PolicyDocument=permission)
        service = {ResourceKind.BUCKET: "s3", ResourceKind.QUEUE: "sqs", ResourceKind.TOPIC: "sns"}.get(self.kind) or {
            ResourceKind.KEY: "kms",
            ResourceKind.SECRET: "secretsmanager",
            ResourceKind.ROLE: "sts",
        }[self.kind]
        client = self._world.session_client(tags, service)
        calls: dict[ResourceKind, Callable[[], Any]] = {
            ResourceKind.BUCKET: lambda: client.put_object(Bucket=self._name, Key="in/trial", Body=b"x"),
            ResourceKind.QUEUE: lambda: client.send_message(QueueUrl=self._queue_url(), MessageBody="trial"),
            ResourceKind.TOPIC: lambda: client.publish(TopicArn=self.arn, Message="trial"),
            ResourceKind.KEY: lambda: client.encrypt(KeyId=self.arn, Plaintext=b"x"),
            ResourceKind.SECRET: lambda: client.describe_secret(SecretId=self.arn),
            ResourceKind.ROLE: lambda: client.assume_role(RoleArn=self.arn, RoleSessionName="trial"),
        }
        return lambda: allowed(calls[self.kind])

    def _make_bucket(self) -> str:
        where = {"LocationConstraint": lab.REGION}
        self._client("s3").create_bucket(Bucket=self._name, CreateBucketConfiguration=where)
        return f"arn:aws:s3:::{self._name}"

    def _policy_of_bucket(self) -> Any:
        client = self._client("s3")
        try:
            return client.get_bucket_policy(Bucket=self._name)["Policy"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
            return None

    def _put_on_bucket(self, text: str) -> None:
        self._client("s3").put_bucket_policy(Bucket=self._name, Policy=text)

    def _make_queue(self) -> str:
        self._client("sqs").create_queue(QueueName=self._name)
        return f"arn:aws:sqs:{lab.REGION}:{lab.ACCOUNT}:{self._name}"

    def _queue_url(self) -> str:
        return str(self._client("sqs").get_queue_url(QueueName=self._name)["QueueUrl"])

    def _policy_of_queue(self) -> Any:
        answer = self._client("sqs").get_queue_attributes(QueueUrl=self._queue_url(), AttributeNames=["Policy"])
        return answer.get("Attributes", {}).get("Policy")

    def _put_on_queue(self, document: str) -> None:
        self._client("sqs").set_queue_attributes(QueueUrl=self._queue_url(), Attributes={"Policy": document})

    def _make_topic(self) -> str:
        return str(self._client("sns").create_topic(Name=self._name)["TopicArn"])

    def _policy_of_topic(self) -> Any:
        return self._client("sns").get_topic_attributes(TopicArn=self.arn)["Attributes"].get("Policy")

    def _put_on_topic(self, document: str) -> None:
        self._client("sns").set_topic_attributes(TopicArn=self.arn, AttributeName="Policy", AttributeValue=document)

    def _make_key(self) -> str:
        policy = {"Version": "2012-10-17", "Statement": [ADMINISTRATORS]}
        return str(self._client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"])

    def _policy_of_key(self) -> Any:
        return self._client("kms").get_key_policy(KeyId=self.arn, PolicyName="default")["Policy"]

    def _put_on_key(self, document: str) -> None:
        self._client("kms").put_key_policy(KeyId=self.arn, PolicyName="default", Policy=document)

    def _make_secret(self) -> str:
        return str(self._client("secretsmanager").create_secret(Name=self._name, SecretString="somebody's")["ARN"])

    def _policy_of_secret(self) -> Any:
        return self._client("secretsmanager").get_resource_policy(SecretId=self.arn).get("ResourcePolicy")

    def _put_on_secret(self, document: str) -> None:
        self._client("secretsmanager").put_resource_policy(SecretId=self.arn, ResourcePolicy=document)

    def _make_role(self) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        answer = self._client("iam").create_role(RoleName=self._name, Path="/t/", AssumeRolePolicyDocument=document)
        return str(answer["Role"]["Arn"])

    def _policy_of_role(self) -> Any:
        return self._client("iam").get_role(RoleName=self._name)["Role"]["AssumeRolePolicyDocument"]

    def _put_on_role(self, document: str) -> None:
        self._client("iam").update_assume_role_policy(RoleName=self._name, PolicyDocument=document)
