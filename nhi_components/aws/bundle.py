"""What every identity on AWS is made of: a role with its trust, its grants, its end and, if wanted, a secret."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import pulumi
import pulumi_aws as aws
from pydantic import Field

from nhi_components.aws.documents import grants_document, secret_document, trust_document
from nhi_components.bundle import Bundle
from nhi_components.core.lease_id import IAM_PATH
from nhi_components.core.links import LinkKind, System
from nhi_components.core.spec import BundleSpec
from nhi_components.refusal import refusing_plainly

LONGEST_SESSION_SECONDS = 43_200
"""12 hours (IAM API, CreateRole: MaxSessionDuration, 3,600 to 43,200)."""


class AwsBundleSpec(BundleSpec):
    """The part of an AWS identity's specification that is the same for every kind.

    Attributes:
        permissions_boundary: ARN of the policy that caps what the role can become; may be known at deployment only.
        session_seconds: how long a session lives at most: 3,600 to 43,200 (IAM API, CreateRole: MaxSessionDuration).
    """

    subject: ClassVar[str] = "AWS identity"

    permissions_boundary: Any = None
    session_seconds: Annotated[int, Field(ge=3600, le=LONGEST_SESSION_SECONDS)] = 3600

    @property
    def sessions(self) -> Mapping[str, int]:
        """The role's longest session."""
        return {"session_seconds": self.session_seconds}


class AwsBundle(Bundle):
    """One identity on AWS.

    Attributes:
        role_arn: the principal.
        role_name: its name.
        secret_arn: where its secret is; None without one.
    """

    system = System.AWS
    results: ClassVar[tuple[str, ...]] = ("role_arn", "role_name", "secret_arn")

    role_arn: pulumi.Output[str]
    role_name: pulumi.Output[str]
    secret_arn: pulumi.Output[str] | None

    _spec: AwsBundleSpec

    @abstractmethod
    def trust(self) -> Mapping[str, Any]:
        """Give the statement of the trust policy that lets the identity in; its values may be outputs."""

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """Role, inline policy and secret."""
        kinds = [LinkKind.IAM_ROLE, LinkKind.IAM_ROLE_POLICY]
        return [(kind, {}) for kind in [*kinds, *([LinkKind.SECRETS_MANAGER_SECRET] if self._spec.secret else [])]]

    def make(self) -> None:
        """Make the role, its secret, and the policy that lets it read that."""
        self.role = self._role()
        self.role_arn, self.role_name = self.role.arn, self.role.name
        self.secret_arn = self._secret(self.role)
        self._policy(self.role)

    def _role(self) -> aws.iam.Role:
        spec = self._spec
        known = pulumi.Output.all(statement=self.trust(), ends=self.ends, suspended=self.suspended)
        trust = known.apply(lambda k: trust_document(k["statement"], k["ends"], suspended=k["suspended"]))
        role = aws.iam.Role(
            f"{self.name}-role",
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
            targets=[list(grant.targets) for grant in grants],
            ends=self.ends,
            secret=self.secret_arn,
            suspended=self.suspended,
        )

        @refusing_plainly()
        def document(k: dict[str, Any]) -> str:
            return grants_document(grants, k["targets"], k["ends"], k["secret"], suspended=k["suspended"])

        policy = aws.iam.RolePolicy(
            f"{self.name}-grants",
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
            f"{self.name}-secret",
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
