"""The last resort on AWS: an IAM user with access keys, for what can't be federated; its keys are rotated for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws

from nhi_components.aws.granting import granted, length_problems
from nhi_components.aws.sizes import USER_POLICY
from nhi_components.bundle import Bundle
from nhi_components.core.connection import DEFAULT
from nhi_components.core.credential.dependents import Dependent
from nhi_components.core.credential.places import PlaceSpec, SecretsManagerPlace
from nhi_components.core.credential.rotation import Rotation, SourceKind
from nhi_components.core.credential.sources import AwsAccessKeySource
from nhi_components.core.errors import SpecError
from nhi_components.core.grant import Grant, aws_grant_problems
from nhi_components.core.identity import Identity
from nhi_components.core.issued import USUAL_ROTATION, StandingKeySpec
from nhi_components.core.lease_id import IAM_PATH
from nhi_components.core.links import LinkKind, System
from nhi_components.core.spec import parse_spec
from nhi_components.core.tags import WHY_NOT_FEDERATED, tag_value
from nhi_components.refusal import refusing_plainly


class AwsServiceUserSpec(StandingKeySpec):
    """What an IAM user with access keys is made from.

    A key is replaced weekly unless said otherwise, and monthly at least.

    Attributes:
        permissions_boundary: ARN of the policy that caps what the user can become; may be known at deployment only.
    """

    subject: ClassVar[str] = "aws.ServiceUser"
    issues: ClassVar[SourceKind] = SourceKind.AWS_ACCESS_KEY

    permissions_boundary: Any = None

    @property
    def source(self) -> AwsAccessKeySource:
        """The user's access keys."""
        return AwsAccessKeySource(connection=self.connection)


class ServiceUser(Bundle):
    """An IAM user with access keys: for a workload that no role can be given to, such as a device or an old product.

    Its access key is made, delivered and rotated by our provider, and is in no state and no output. From its end on,
    and while it is suspended, everything is denied to it. Prefer `WorkloadIdentity`, `PipelineIdentity` or
    `RolesAnywhereIdentity`: their credentials end by themselves within hours.

    Attributes:
        user_arn: the principal.
        user_name: its name.
        key_id: the id of the access key that every place holds; None while suspended without one.
        credential_version: how many keys have been delivered: dependents that take it as an input roll with it.
    """

    system = System.AWS
    results: ClassVar[tuple[str, ...]] = ("user_arn", "user_name", "key_id", "credential_version")

    user_arn: pulumi.Output[str]
    user_name: pulumi.Output[str]
    key_id: pulumi.Output[str | None]
    credential_version: pulumi.Output[int | None]

    _spec: AwsServiceUserSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        why_not_federated: str,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        places: Sequence[PlaceSpec | Mapping[str, Any]] | None = None,
        rotation: Rotation | Mapping[str, Any] = USUAL_ROTATION,
        dependents: Sequence[Dependent | Mapping[str, Any]] = (),
        generation: int = 1,
        permissions_boundary: pulumi.Input[str] | None = None,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            why_not_federated: why nothing vouches for the workload, so that it needs a key; the user bears it as a tag.
            grants: what it may do.
            places: where the key is delivered; by default a Secrets Manager secret of its own. The fields are
                `access_key_id` and `secret_access_key`.
            rotation: when the key is replaced.
            dependents: what uses the key.
            generation: raise it to have the key replaced by the next `up`.
            permissions_boundary: ARN of a policy that caps the user.
            connection: the connection of `nhi.Provider` that reaches the account which the AWS provider reaches.
            opts: resource options; `providers` may name explicit AWS and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "why_not_federated": why_not_federated,
            "grants": grants,
            "places": [SecretsManagerPlace(connection=connection)] if places is None else places,
            "rotation": rotation,
            "dependents": dependents,
            "generation": generation,
            "permissions_boundary": permissions_boundary,
            "connection": connection,
        }
        with refusing_plainly():
            self._spec = parse_spec(AwsServiceUserSpec, name, fields, aws_grant_problems)
            if problems := length_problems(self._spec.grants, USER_POLICY):
                raise SpecError(f"{self._spec.subject} {name!r}", problems)
        super().__init__(name, self._spec, connection=connection, opts=opts)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """User and inline policy."""
        return [(LinkKind.IAM_USER, {}), (LinkKind.IAM_USER_POLICY, {})]

    def make(self) -> None:
        """Make the user and its policy, and have a key issued for it."""
        user = self._user()
        self.user_arn, self.user_name = user.arn, user.name
        credential = self.issue(user, self._policy(user))
        self.key_id, self.credential_version = credential.key_id, credential.version

    def _user(self) -> aws.iam.User:
        why = {WHY_NOT_FEDERATED: tag_value(self._spec.why_not_federated)}
        user = aws.iam.User(
            f"{self.name}-user",
            name=self.name_of(LinkKind.IAM_USER),
            path=IAM_PATH,
            permissions_boundary=self._spec.permissions_boundary,
            force_destroy=True,
            tags=self.tags.apply(lambda tags: {**tags, **why}),
            opts=self.child_options(),
        )
        suspended = self.suspended.apply(lambda suspended: "true" if suspended else "false")
        self.link(LinkKind.IAM_USER, user.name, user, unique_id=user.unique_id, attributes={"suspended": suspended})
        return user

    def _policy(self, user: aws.iam.User) -> aws.iam.UserPolicy:
        policy = aws.iam.UserPolicy(
            f"{self.name}-grants",
            name=self.name_of(LinkKind.IAM_USER_POLICY),
            user=user.name,
            policy=granted(self._spec.grants, self.ends, self.suspended, limit=USER_POLICY),
            opts=self.child_options(),
        )
        self.link(LinkKind.IAM_USER_POLICY, policy.name, policy, attributes={"user": user.name})
        return policy
