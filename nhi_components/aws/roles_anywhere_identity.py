"""A workload outside AWS: a role for the holder of one certificate, by IAM Roles Anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import pulumi
import pulumi_aws as aws

from nhi_components.aws.bundle import AwsBundle
from nhi_components.aws.spec import AwsBundleSpec, parse_aws_spec
from nhi_components.aws.trusts import Trusted, anywhere_statement
from nhi_components.core.arn import TRUST_ANCHOR_ARN
from nhi_components.core.certificate import Certificate
from nhi_components.core.connection import DEFAULT
from nhi_components.core.delegation import Delegation
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity
from nhi_components.core.links import LinkKind
from nhi_components.core.secret import SecretSpec
from nhi_components.refusal import refusing_plainly


class AwsAnywhereSpec(AwsBundleSpec):
    """What the identity of a workload outside AWS is made from.

    Attributes:
        trust_anchor_arn: the trust anchor of the certificate authority, which exists already; may be known at
            deployment only.
        certificate: the names that the workload's certificate must bear.
    """

    subject: ClassVar[str] = "aws.RolesAnywhereIdentity"

    trust_anchor_arn: Annotated[Any, TRUST_ANCHOR_ARN.validator]
    certificate: Certificate


class RolesAnywhereIdentity(AwsBundle):
    """The identity of a workload outside AWS.

    Attributes:
        role_arn: the principal.
        role_name: its name.
        secret_arn: where its secret is; None without one.
        profile_arn: the profile that the workload names beside the role when it asks for a session.
    """

    results = (*AwsBundle.results, "profile_arn")

    profile_arn: pulumi.Output[str]

    _spec: AwsAnywhereSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        trust_anchor_arn: pulumi.Input[str],
        certificate: Certificate | Mapping[str, Any],
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        secret: SecretSpec | Mapping[str, Any] | None = None,
        permissions_boundary: pulumi.Input[str] | None = None,
        session_seconds: int = 3600,
        delegations: Sequence[Delegation | Mapping[str, Any]] = (),
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            trust_anchor_arn: the trust anchor of its certificate authority, which exists already.
            certificate: the names that its certificate must bear.
            grants: what it may do.
            secret: a Secrets Manager secret that only this role may read.
            permissions_boundary: ARN of a policy that caps the role.
            session_seconds: 3,600 to 43,200.
            delegations: what the policies of other resources give to it.
            connection: the connection of `nhi.Provider` that reaches the account which the AWS provider reaches.
            opts: resource options; `providers` may name explicit AWS and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "trust_anchor_arn": trust_anchor_arn,
            "certificate": certificate,
            "grants": grants,
            "secret": secret,
            "permissions_boundary": permissions_boundary,
            "session_seconds": session_seconds,
            "delegations": delegations,
        }
        with refusing_plainly():
            spec = parse_aws_spec(AwsAnywhereSpec, name, fields)
        super().__init__(name, spec, connection=connection, opts=opts)

    def trust(self, lease_id: pulumi.Input[str]) -> pulumi.Input[Trusted]:
        """Let in the holder of the certificate."""
        return anywhere_statement(self._spec.trust_anchor_arn, self._spec.certificate)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """What every identity has, and a profile."""
        return [*super().parts(), (LinkKind.ROLES_ANYWHERE_PROFILE, {})]

    def make(self) -> None:
        """Make what every identity has, and a profile, which is disabled while the identity is suspended."""
        super().make()
        kind = LinkKind.ROLES_ANYWHERE_PROFILE
        profile = aws.rolesanywhere.Profile(
            f"{self.name}-profile",
            name=self.name_of(kind),
            role_arns=[self.role.arn],
            duration_seconds=self._spec.session_seconds,
            enabled=self.suspended.apply(lambda suspended: not suspended),
            tags=self.tags,
            opts=self.child_options(),
        )
        self.link(kind, profile.name, profile, unique_id=profile.id, attributes={"role": self.role.name})
        self.profile_arn = profile.arn
