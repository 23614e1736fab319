"""A workload on AWS: a role with its grants, trust, end date and, if wanted, a secret of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import pulumi
import pulumi_aws as aws
from pydantic import Field

from nhi_components.aws.documents import grants_document, secret_document, trust_document
from nhi_components.bundle import Bundle
from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant, aws_grant_problems
from nhi_components.core.identity import Identity
from nhi_components.core.lease_id import IAM_PATH
from nhi_components.core.links import LinkKind, System
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import WorkloadSpec, parse_workload
from nhi_components.core.trust import AccountTrust, ServiceTrust, Trust
from nhi_components.refusal import refusing_plainly


class AwsWorkloadSpec(WorkloadSpec):
    """What a workload identity on AWS is made from.

    Attributes:
        trusted_by: who may become the role.
        permissions_boundary: ARN of the policy that caps what the role can become.
        session_seconds: how long a session lives at most: 900 to 43,200 (IAM API, CreateRole: MaxSessionDuration;
            below 3,600 IAM takes 3,600).
    """

    subject: ClassVar[str] = "aws.WorkloadIdentity"

    trusted_by: Trust
    permissions_boundary: Any = None
    session_seconds: Annotated[int, Field(ge=3600, le=43_200)] = 3600


class WorkloadIdentity(Bundle):
    """A workload identity on AWS.

    Attributes:
        role_arn: the principal.
        role_name: its name.
        secret_arn: where its secret is; None without one.
        instance_profile_arn: for EC2; None otherwise.
    """

    role_arn: pulumi.Output[str]
    role_name: pulumi.Output[str]
    secret_arn: pulumi.Output[str] | None
    instance_profile_arn: pulumi.Output[str] | None

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        trusted_by: str | ServiceTrust | AccountTrust | Mapping[str, Any],
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        secret: SecretSpec | Mapping[str, Any] | None = None,
        permissions_boundary: pulumi.Input[str] | None = None,
        session_seconds: int = 3600,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            trusted_by: `"ec2"`, `"ecs-tasks"`, `"lambda"`, or an `AccountTrust`.
            grants: what it may do.
            secret: a Secrets Manager secret that only this role may read.
            permissions_boundary: ARN of a policy that caps the role.
            session_seconds: 3,600 to 43,200.
            connection: the connection of `nhi.Provider` that reaches the account which the AWS provider reaches.
            opts: resource options; `providers` may name explicit AWS and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "trusted_by": trusted_by,
            "grants": grants,
            "secret": secret,
            "permissions_boundary": permissions_boundary,
            "session_seconds": session_seconds,
        }
        with refusing_plainly():
            spec = parse_workload(AwsWorkloadSpec, name, fields, aws_grant_problems)
        super().__init__(
            "nhi:aws:WorkloadIdentity",
            name,
            system=System.AWS,
            spec=spec,
            parts=[(kind, {}) for kind in _kinds(spec)],
            connection=connection,
            opts=opts,
        )
        self._spec = spec
        role = self._role()
        self.role_arn, self.role_name = role.arn, role.name
        self.secret_arn = self._secret(role)
        self._policy(role)
        self.instance_profile_arn = self._instance_profile(role)
        outputs = {"roleArn": self.role_arn, "roleName": self.role_name, "secretArn": self.secret_arn}
        self.seal({**outputs, "instanceProfileArn": self.instance_profile_arn})

    def _role(self) -> aws.iam.Role:
        spec = self._spec
        trust = self.ends.apply(lambda ends: trust_document(spec.trusted_by, ends))
        role = aws.iam.Role(
            f"{self._name}-role",
            name=self.name_of(LinkKind.IAM_ROLE),
            path=IAM_PATH,
            description=spec.identity.purpose,
            assume_role_policy=trust,
            permissions_boundary=spec.permissions_boundary,
            max_session_duration=spec.session_seconds,
            force_detach_policies=True,
            tags=self.tags,
            opts=self.child_options(),
        )
        self.link(LinkKind.IAM_ROLE, role.name, role, unique_id=role.unique_id, attributes={"trust": trust})
        return role

    def _policy(self, role: aws.iam.Role) -> None:
        grants = self._spec.grants
        known = pulumi.Output.all(
            targets=[list(grant.targets) for grant in grants], ends=self.ends, secret=self.secret_arn
        )

        @refusing_plainly()
        def document(k: dict[str, Any]) -> str:
            return grants_document(grants, k["targets"], k["ends"], k["secret"])

        policy = aws.iam.RolePolicy(
            f"{self._name}-grants",
            name=self.name_of(LinkKind.IAM_ROLE_POLICY),
            role=role.name,
            policy=known.apply(document),
            opts=self.child_options(),
        )
        self.link(LinkKind.IAM_ROLE_POLICY, policy.name, policy, attributes={"role": role.name})

    def _secret(self, role: aws.iam.Role) -> pulumi.Output[str] | None:
        spec = self._spec.secret
        if spec is None:
            return None
        secret = aws.secretsmanager.Secret(
            f"{self._name}-secret",
            name=self.name_of(LinkKind.SECRETS_MANAGER_SECRET),
            description=spec.description or self._spec.identity.purpose,
            policy=role.unique_id.apply(secret_document),
            recovery_window_in_days=0,
            tags=self.tags,
            opts=self.child_options(),
        )
        attributes = {"generate_bytes": str(spec.generate_bytes)} if spec.generate_bytes else None
        kind = LinkKind.SECRETS_MANAGER_SECRET
        self.link(kind, secret.name, secret, unique_id=secret.arn, attributes=attributes)
        return secret.arn

    def _instance_profile(self, role: aws.iam.Role) -> pulumi.Output[str] | None:
        if not _is_ec2(self._spec):
            return None
        kind = LinkKind.IAM_INSTANCE_PROFILE
        profile = aws.iam.InstanceProfile(
            f"{self._name}-profile",
            name=self.name_of(kind),
            path=IAM_PATH,
            role=role.name,
            tags=self.tags,
            opts=self.child_options(),
        )
        self.link(kind, profile.name, profile, unique_id=profile.unique_id, attributes={"role": role.name})
        return profile.arn


def _kinds(spec: AwsWorkloadSpec) -> list[LinkKind]:
    kinds = [LinkKind.IAM_ROLE, LinkKind.IAM_ROLE_POLICY]
    if spec.secret:
        kinds.append(LinkKind.SECRETS_MANAGER_SECRET)
    if _is_ec2(spec):
        kinds.append(LinkKind.IAM_INSTANCE_PROFILE)
    return kinds


def _is_ec2(spec: AwsWorkloadSpec) -> bool:
    return isinstance(spec.trusted_by, ServiceTrust) and spec.trusted_by.service == "ec2"
