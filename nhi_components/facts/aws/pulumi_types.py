"""Where Pulumi's AWS resources keep policy documents and managed policies. Data for `aws.pulumi`.

Source: the input properties of pulumi-aws 7.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from nhi_components.facts.aws.model import PolicyKind


class Slot(NamedTuple):
    """A place for a policy document.

    Attributes:
        property: dotted path of the input; `[]` stands for each member of a list.
        kind: what the document hangs on.
        service: for a resource policy, the service that owns the resource.
    """

    property: str
    kind: PolicyKind
    service: str = ""


def _resource_policy(service: str, name: str = "policy") -> tuple[Slot, ...]:
    return (Slot(name, PolicyKind.RESOURCE, service),)


_IDENTITY = (Slot("policy", PolicyKind.IDENTITY),)

DOCUMENTS: Final[dict[str, tuple[Slot, ...]]] = {
    "aws:iam/role:Role": (
        Slot("assumeRolePolicy", PolicyKind.TRUST),
        Slot("inlinePolicies[].policy", PolicyKind.IDENTITY),
    ),
    "aws:iam/policy:Policy": _IDENTITY,
    "aws:iam/rolePolicy:RolePolicy": _IDENTITY,
    "aws:iam/userPolicy:UserPolicy": _IDENTITY,
    "aws:iam/groupPolicy:GroupPolicy": _IDENTITY,
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": (Slot("inlinePolicy", PolicyKind.IDENTITY),),
    "aws:backup/vaultPolicy:VaultPolicy": _resource_policy("backup"),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": _resource_policy("events"),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": _resource_policy("logs", "policyDocument"),
    "aws:dynamodb/resourcePolicy:ResourcePolicy": _resource_policy("dynamodb"),
    "aws:ecr/registryPolicy:RegistryPolicy": _resource_policy("ecr"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": _resource_policy("ecr"),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": _resource_policy("elasticfilesystem"),
    "aws:kinesis/resourcePolicy:ResourcePolicy": _resource_policy("kinesis"),
    "aws:kms/externalKey:ExternalKey": _resource_policy("kms"),
    "aws:kms/key:Key": _resource_policy("kms"),
    "aws:kms/keyPolicy:KeyPolicy": _resource_policy("kms"),
    "aws:kms/replicaKey:ReplicaKey": _resource_policy("kms"),
    "aws:s3/accessPoint:AccessPoint": _resource_policy("s3"),
    "aws:s3/bucket:Bucket": _resource_policy("s3"),
    "aws:s3/bucketPolicy:BucketPolicy": _resource_policy("s3"),
    "aws:s3/bucketV2:BucketV2": _resource_policy("s3"),
    "aws:secretsmanager/secret:Secret": _resource_policy("secretsmanager"),
    "aws:secretsmanager/secretPolicy:SecretPolicy": _resource_policy("secretsmanager"),
    "aws:sns/topic:Topic": _resource_policy("sns"),
    "aws:sns/topicPolicy:TopicPolicy": _resource_policy("sns"),
    "aws:sqs/queue:Queue": _resource_policy("sqs"),
    "aws:sqs/queuePolicy:QueuePolicy": _resource_policy("sqs"),
}

MANAGED_POLICIES: Final[dict[str, str]] = {
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
    "aws:iam/policyAttachment:PolicyAttachment": "policyArn",
    "aws:iam/role:Role": "managedPolicyArns",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": "policyArns",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": "managedPolicyArn",
}
"""The input that holds one ARN or a list of them."""
