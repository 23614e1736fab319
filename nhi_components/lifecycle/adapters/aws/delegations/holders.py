"""What holds a policy: a bucket, queue, topic, KMS key, secret or role, each with its own calls and limits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from nhi_components.core.delegation import DelegatingResource, ResourceKind, delegating_resource
from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.adapters.aws.errors import code_of
from nhi_components.lifecycle.adapters.aws.session import AwsSession

GONE = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "InvalidRequestException",  # a secret that is scheduled for deletion
        "NoSuchBucket",
        "NoSuchEntity",
        "NotFound",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)
_NO_POLICY = "NoSuchBucketPolicy"
_KEY_POLICY = "default"
_DEFAULT_TRUST_QUOTA = 2048


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a policy may be.

    Attributes:
        bytes: of the whole document without white space.
        statements: how many; None where no figure is documented.
        source: where that is documented.
    """

    bytes: int
    statements: int | None
    source: str


class PolicyHolder(Protocol):
    """One resource with its policy."""

    @property
    def arn(self) -> str:
        """The resource's ARN."""

    @property
    def limits(self) -> Limits:
        """How large its policy may be."""

    def read(self) -> str | None:
        """Read the policy; None when it has none. A resource that is not there raises a code of `GONE`."""

    def write(self, document: str) -> None:
        """Put a policy in the place of the one before."""

    def clear(self) -> None:
        """Leave no statement of anybody's."""


def holder_of(session: AwsSession, resource: DelegatingResource) -> PolicyHolder:
    """Open the holder of a resource's policy, in the resource's own region.

    Raises:
        NhiError: for a role of another account, which IAM lets nobody reach from here.
    """
    match resource.kind:
        case ResourceKind.BUCKET:
            return Bucket(session.client("s3"), resource.holder, resource.name)
        case ResourceKind.QUEUE:
            return Queue(session.client("sqs", resource.region), resource.holder, resource.name, resource.account)
        case ResourceKind.TOPIC:
            return Topic(session.client("sns", resource.region), resource.holder, resource.account)
        case ResourceKind.KEY:
            return Key(session.client("kms", resource.region), resource.holder)
        case ResourceKind.SECRET:
            return HeldSecret(session.client("secretsmanager", resource.region), resource.holder)
        case ResourceKind.ROLE:
            if resource.account != session.identity.account:
                raise NhiError(
                    f"trust of {resource.holder}: got a connection to account {session.identity.account}, expected "
                    f"one to account {resource.account}; fix: let that role's owner trust the identity"
                )
            return TrustingRole(session.client("iam"), resource.holder, resource.name)


def holder_at(session: AwsSession, arn: str) -> PolicyHolder:
    """Open the holder of an ARN's policy.

    Raises:
        NhiError: when it is the ARN of nothing that holds one.
    """
    resource = delegating_resource(arn)
    if resource is None:
        expected = "the ARN of a bucket, queue, topic, KMS key, secret or role"
        raise NhiError(f"delegated path: got {arn}, expected {expected}; fix: correct the delegation's resource")
    return holder_of(session, resource)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket; botocore finds its region by itself."""

    client: Any
    arn: str
    name: str

    limits = Limits(20_480, None, "S3 user guide, 'Bucket policies': limited to 20 KB")

    def read(self) -> str | None:
        """Read the bucket policy."""
        try:
            return str(self.client.get_bucket_policy(Bucket=self.name)["Policy"])
        except ClientError as error:
            if code_of(error) == _NO_POLICY:
                return None
            raise

    def write(self, document: str) -> None:
        """Put the bucket policy."""
        self.client.put_bucket_policy(Bucket=self.name, Policy=document)

    def clear(self) -> None:
        """Delete the bucket policy."""
        self.client.delete_bucket_policy(Bucket=self.name)


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue."""

    client: Any
    arn: str
    name: str
    account: str
    url: str = ""

    limits = Limits(8192, 20, "SQS developer guide, 'Amazon SQS policy quotas'")

    def read(self) -> str | None:
        """Read the attribute Policy."""
        answer = self.client.get_queue_attributes(QueueUrl=self._url(), AttributeNames=["Policy"])
        return answer.get("Attributes", {}).get("Policy") or None

    def write(self, document: str) -> None:
        """Set the attribute Policy."""
        self.client.set_queue_attributes(QueueUrl=self._url(), Attributes={"Policy": document})

    def clear(self) -> None:
        """Empty the attribute Policy, which removes it."""
        self.write("")

    def _url(self) -> str:
        if self.url:
            return self.url
        return str(self.client.get_queue_url(QueueName=self.name, QueueOwnerAWSAccountId=self.account)["QueueUrl"])


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic; it always has a policy."""

    client: Any
    arn: str
    account: str

    limits = Limits(30_720, 100, "SNS developer guide, 'Amazon SNS API permissions': policy quotas")

    def read(self) -> str | None:
        """Read the attribute Policy."""
        return self.client.get_topic_attributes(TopicArn=self.arn)["Attributes"].get("Policy") or None

    def write(self, document: str) -> None:
        """Set the attribute Policy."""
        self.client.set_topic_attributes(TopicArn=self.arn, AttributeName="Policy", AttributeValue=document)

    def clear(self) -> None:
        """Put a policy that refuses whoever is not of the topic's account: SNS takes none without a statement."""
        self.write(_nobody("sns:Publish", Resource=self.arn, account=self.account))


@dataclass(frozen=True, slots=True)
class Key:
    """A KMS key; it always has a policy, and KMS refuses one that locks everybody out."""

    client: Any
    arn: str

    limits = Limits(32_768, None, "KMS developer guide, 'Resource quotas': key policy document size")

    def read(self) -> str | None:
        """Read the key policy."""
        return str(self.client.get_key_policy(KeyId=self.arn, PolicyName=_KEY_POLICY)["Policy"])

    def write(self, document: str) -> None:
        """Put the key policy."""
        self.client.put_key_policy(KeyId=self.arn, PolicyName=_KEY_POLICY, Policy=document)

    def clear(self) -> None:
        """Refuse: without any statement nobody could ever change the key again.

        Raises:
            NhiError: always.
        """
        raise NhiError(
            f"policy of {self.arn}: got no statement but the identity's, expected one that lets somebody administer "
            "the key; fix: put that in, then run the same command again"
        )


@dataclass(frozen=True, slots=True)
class HeldSecret:
    """A Secrets Manager secret of somebody else's."""

    client: Any
    arn: str

    limits = Limits(20_480, None, "Secrets Manager API, PutResourcePolicy: ResourcePolicy")

    def read(self) -> str | None:
        """Read the resource policy."""
        return self.client.get_resource_policy(SecretId=self.arn).get("ResourcePolicy") or None

    def write(self, document: str) -> None:
        """Put the resource policy."""
        self.client.put_resource_policy(SecretId=self.arn, ResourcePolicy=document)

    def clear(self) -> None:
        """Delete the resource policy."""
        self.client.delete_resource_policy(SecretId=self.arn)


@dataclass(frozen=True, slots=True)
class TrustingRole:
    """Another role, whose trust policy names ours; it always has one."""

    client: Any
    arn: str
    name: str

    @property
    def limits(self) -> Limits:
        """As the account's quota is, which can be raised."""
        quotas = self.client.get_account_summary()["SummaryMap"]
        longest = quotas.get("AssumeRolePolicySizeQuota", _DEFAULT_TRUST_QUOTA)
        return Limits(longest, None, "IAM API, GetAccountSummary: AssumeRolePolicySizeQuota")

    def read(self) -> str | None:
        """Read the trust policy."""
        return as_text(self.client.get_role(RoleName=self.name)["Role"]["AssumeRolePolicyDocument"])

    def write(self, document: str) -> None:
        """Put the trust policy."""
        self.client.update_assume_role_policy(RoleName=self.name, PolicyDocument=document)

    def clear(self) -> None:
        """Put a trust policy that admits nobody: a role takes none without a statement."""
        self.write(_nobody("sts:AssumeRole"))


def as_text(document: Any) -> str:
    """Write a document of IAM as text; botocore decodes it."""
    return document if isinstance(document, str) else json.dumps(document)


def _nobody(action: str, *, account: str = "", **elements: str) -> str:
    statement: dict[str, Any] = {"Sid": "NobodyLeft", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": action}
    if account:
        statement["Condition"] = {"StringNotEquals": {"aws:PrincipalAccount": account}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | elements]})
