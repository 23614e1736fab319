"""A workload on AWS: a role with its grants, trust, end date and, if wanted, a secret of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws

from nhi_components.aws.bundle import AwsBundle
from nhi_components.aws.spec import AwsBundleSpec, parse_aws_spec
from nhi_components.aws.trusts import Trusted, statement_of
from nhi_components.core.adoption import AdoptedRole
from nhi_components.core.connection import DEFAULT
from nhi_components.core.delegation import Delegation
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity
from nhi_components.core.lease_id import IAM_PATH
from nhi_components.core.links import LinkKind
from nhi_components.core.secret import SecretSpec
from nhi_components.core.trust import AccountTrust, EksPodIdentityTrust, IrsaTrust, ServiceTrust, Trust
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
        trusted_by: str | ServiceTrust | AccountTrust | EksPodIdentityTrust | IrsaTrust | Mapping[str, Any],
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        secret: SecretSpec | Mapping[str, Any] | None = None,
        permissions_boundary: pulumi.Input[str] | None = None,
        session_seconds: int = 3600,
        delegations: Sequence[Delegation | Mapping[str, Any]] = (),
        adopts: AdoptedRole | Mapping[str, Any] | None = None,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            trusted_by: `"ec2"`, `"ecs-tasks"`, `"lambda"`, an `EksPodIdentityTrust`, an `IrsaTrust`, or an
                `AccountTrust`.
            grants: what it may do.
            secret: a Secrets Manager secret that only this role may read.
            permissions_boundary: ARN of a policy that caps the role.
            session_seconds: 3,600 to 43,200.
            delegations: what the policies of other resources give to it.
            adopts: a role that is there already and was taken into the stack by `pulumi import`; `nhi adopt` writes it.
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
            "delegations": delegations,
            "adopts": adopts,
        }
        with refusing_plainly():
            spec = parse_aws_spec(AwsWorkloadSpec, name, fields)
        super().__init__(name, spec, connection=connection, opts=opts)

    def trust(self, lease_id: pulumi.Input[str]) -> pulumi.Input[Trusted]:
        """Let in whom the specification names."""
        return statement_of(self._spec.trusted_by)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """What every identity has; for EC2 an instance profile, for EKS Pod Identity an association."""
        parts = [*super().parts(), *([(LinkKind.IAM_INSTANCE_PROFILE, {})] if self._is_for_ec2 else [])]
        match self._spec.trusted_by:
            case EksPodIdentityTrust() as trust:
                account = trust.service_account
                # One that is known later is told with the link; until then the association is found by its lease.
                place = {"service_account": account} if isinstance(account, str) else {}
                return [*parts, (LinkKind.EKS_POD_IDENTITY_ASSOCIATION, {**_place_of(trust), **place})]
        return parts

    def make(self) -> None:
        """Make what every identity has; for EC2 an instance profile, for EKS Pod Identity an association."""
        super().make()
        self.instance_profile_arn = self._instance_profile() if self._is_for_ec2 else None
        match self._spec.trusted_by:
            case EksPodIdentityTrust() as trust:
                self._associate(trust)

    def _associate(self, trust: EksPodIdentityTrust) -> None:
        """Let EKS give the role to the service account's pods; an association has no name, so its link bears ours."""
        kind = LinkKind.EKS_POD_IDENTITY_ASSOCIATION
        association = aws.eks.PodIdentityAssociation(
            f"{self.name}-association",
            cluster_name=trust.cluster_name,
            namespace=trust.namespace,
            service_account=trust.service_account,
            role_arn=self.role.arn,
            tags=self.tags,
            opts=self.child_options(),
        )
        attributes: Mapping[str, pulumi.Input[str]] = {
            **_place_of(trust),
            "service_account": trust.service_account,
            "role": self.role.name,
        }
        self.link(kind, self.name_of(kind), association, unique_id=association.association_id, attributes=attributes)

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


def _place_of(trust: EksPodIdentityTrust) -> Mapping[str, str]:
    return {"cluster": trust.cluster_name, "namespace": trust.namespace}
