"""What every identity on AWS is made of: a role with its trust, its grants, its end and, if wanted, a secret."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws

from nhi_components.aws.documents import secret_document, trust_document
from nhi_components.aws.granting import ANY_DAY, granted, length_problems, problems_of
from nhi_components.aws.outputs import is_later
from nhi_components.aws.spec import AwsBundleSpec
from nhi_components.aws.trusts import Trusted
from nhi_components.bundle import Bundle
from nhi_components.core.connection import DEFAULT
from nhi_components.core.delegation import (
    Delegation,
    delegated_path_attributes,
    delegated_path_name,
    delegation_sid,
    known_resource_problems,
)
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.lease_id import IAM_PATH
from nhi_components.core.links import LinkKind, System
from nhi_components.refusal import refusing_plainly

_ANY_LEASE = "lease-aaaaaaaaaaaaaaaa"
"""As long as every other, like `ANY_DAY`, so that documents can be measured before theirs are known."""

_NOT_OF_THE_TRUST = frozenset({"grants", "delegations", "permissions_boundary", "tools", "adopts"})


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

    def __init__(
        self,
        name: str,
        spec: AwsBundleSpec,
        *,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._spec = spec
        with refusing_plainly():
            self._refuse_too_long(name)
        super().__init__(name, spec, connection=connection, opts=opts)

    @abstractmethod
    def trust(self, lease_id: pulumi.Input[str]) -> pulumi.Input[Trusted]:
        """Give what the trust policy says of who is let in; it, or values in it, may be outputs.

        Args:
            lease_id: the identity's lease.
        """

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """Role, inline policy and secret."""
        adopted = self._spec.adopts
        parts: list[tuple[LinkKind, Mapping[str, str]]] = [
            (LinkKind.IAM_ROLE, adopted.attributes if adopted else {}),
            # An inline policy bears its role's name but where that is an adopted one.
            (LinkKind.IAM_ROLE_POLICY, {"role": adopted.name} if adopted else {}),
        ]
        return [*parts, *([(LinkKind.SECRETS_MANAGER_SECRET, {})] if self._spec.secret else [])]

    def make(self) -> None:
        """Make the role, its secret, the policy that lets it read that, and what other resources' policies say."""
        self.role = self._role()
        self.role_arn, self.role_name = self.role.arn, self.role.name
        self.secret_arn = self._secret(self.role)
        self._policy(self.role)
        for index, delegation in enumerate(self._spec.delegations):
            self._delegate(index, delegation, self.role)

    def _refuse_too_long(self, name: str) -> None:
        """Measure what is known by now; what is not is measured when it is known, before it is created."""
        spec, problems = self._spec, list[Problem]()
        if not is_later({field: value for field, value in spec if field not in _NOT_OF_THE_TRUST}):
            trusted: Any = self.trust(_ANY_LEASE)
            problems += problems_of(lambda: trust_document(trusted, ANY_DAY, suspended=False))
        problems += length_problems(spec.grants)
        if problems:
            raise SpecError(f"{spec.subject} {name!r}", problems)

    def _role(self) -> aws.iam.Role:
        spec, adopted = self._spec, self._spec.adopts
        known = pulumi.Output.all(trusted=self.trust(self.lease_id), ends=self.ends, suspended=self.suspended)

        @refusing_plainly()
        def document(k: dict[str, Any]) -> str:
            return trust_document(k["trusted"], k["ends"], suspended=k["suspended"])

        trust = known.apply(document)
        role = aws.iam.Role(
            f"{self.name}-role",
            name=adopted.name if adopted else self.name_of(LinkKind.IAM_ROLE),
            path=adopted.path if adopted else IAM_PATH,
            description=spec.identity.purpose,
            assume_role_policy=trust,
            permissions_boundary=spec.permissions_boundary,
            max_session_duration=spec.session_seconds,
            force_detach_policies=True,
            tags=self.tags.apply(lambda tags: {**adopted.tags, **tags}) if adopted else self.tags,
            opts=self.child_options(),
        )
        attributes: Mapping[str, pulumi.Input[str]] = {**(adopted.attributes if adopted else {}), "trust": trust}
        self.link(LinkKind.IAM_ROLE, role.name, role, unique_id=role.unique_id, attributes=attributes)
        return role

    def _policy(self, role: aws.iam.Role) -> None:
        policy = aws.iam.RolePolicy(
            f"{self.name}-grants",
            name=self.name_of(LinkKind.IAM_ROLE_POLICY),
            role=role.name,
            policy=granted(self._spec.grants, self.ends, self.suspended, secret=self.secret_arn),
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

    def _delegate(self, index: int, delegation: Delegation, role: aws.iam.Role) -> None:
        """Hand the seal a path through the policy of another resource; the seal's adapter writes its statement."""

        @refusing_plainly()
        def judged(resource: str) -> str:
            path = f"delegations[{index}].resource"
            if problems := known_resource_problems(path, resource, delegation.actions):
                raise SpecError("resource known at deployment", problems)
            return resource

        resource = pulumi.Output.from_input(delegation.resource).apply(judged)
        sid = self.lease_id.apply(lambda lease_id: delegation_sid(lease_id, index))
        name = pulumi.Output.all(resource, sid).apply(lambda known: delegated_path_name(*known))
        written = pulumi.Output.all(role.name, role.arn, resource).apply(
            lambda k: delegated_path_attributes(k[0], k[1], k[2], delegation.actions, delegation.conditions)
        )
        fields = ["role", "principal", "resource", "actions", *(["conditions"] if delegation.conditions else [])]
        attributes = {field: written.apply(itemgetter(field)) for field in fields}
        self.link(LinkKind.DELEGATED_PATH, name, attributes=attributes)
