"""A workload on AWS: a role with its grants, trust, end date and, if wanted, a secret of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws

from nhi_components.aws.bundle import AwsBundle, AwsBundleSpec
from nhi_components.aws.trusts import statement_of
from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant, aws_grant_problems
from nhi_components.core.identity import Identity
from nhi_components.core.lease_id import IAM_PATH
from nhi_components.core.links import LinkKind
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import parse_spec
from nhi_components.core.trust import AccountTrust, ServiceTrust, Trust
from nhi_components.refusal import refusing_plainly


class AwsWorkloadSpec(AwsBundleSpec):
    """What a workload identity on AWS is made from.

    Attributes:
        trusted_by: who may become the role.
    """

    subject: ClassVar[str] = "aws.WorkloadIdentity"

    trusted_by: Trust


class WorkloadIdentity(AwsBundle):
    """A workload identity on AWS.

    Attributes:
        role_arn: the principal.
        role_name: its name.
        secret_arn: where its secret is; None without one.
        instance_profile_arn: for EC2; None otherwise.
    """

    results = (*AwsBundle.results, "instance_profile_arn")

    instance_profile_arn: pulumi.Output[str] | None

    _spec: AwsWorkloadSpec

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
            self._spec = parse_spec(AwsWorkloadSpec, name, fields, aws_grant_problems)
        super().__init__(name, self._spec, connection=connection, opts=opts)

    def trust(self) -> Mapping[str, Any]:
        """Let in whom the specification names."""
        return statement_of(self._spec.trusted_by)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """What every identity has and, for EC2, an instance profile."""
        return [*super().parts(), *([(LinkKind.IAM_INSTANCE_PROFILE, {})] if self._is_for_ec2 else [])]

    def make(self) -> None:
        """Make what every identity has and, for EC2, an instance profile."""
        super().make()
        self.instance_profile_arn = self._instance_profile() if self._is_for_ec2 else None

    def _instance_profile(self) -> pulumi.Output[str]:
        kind = LinkKind.IAM_INSTANCE_PROFILE
        profile = aws.iam.InstanceProfile(
            f"{self.name}-profile",
            name=self.name_of(kind),
            path=IAM_PATH,
            role=self.role.name,
            tags=self.tags,
            opts=self.child_options(),
        )
        self.link(kind, profile.name, profile, unique_id=profile.unique_id, attributes={"role": self.role.name})
        return profile.arn

    @property
    def _is_for_ec2(self) -> bool:
        trust = self._spec.trusted_by
        return isinstance(trust, ServiceTrust) and trust.service == "ec2"
