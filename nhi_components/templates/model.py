"""What a template says about the identities of one kind: how long, how often, with which secrets, and what never."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from nhi_components.core.aws_action import matching_actions
from nhi_components.core.azure_operation import is_documented
from nhi_components.core.expiry import MAXIMUM_LIFETIME
from nhi_components.core.gcp_catalogue import is_documented as is_documented_permission
from nhi_components.core.glob import glob_matches
from nhi_components.core.grant import VAULT_CAPABILITIES
from nhi_components.core.identity import Kind
from nhi_components.core.life import LONGEST_GRACE_DAYS
from nhi_components.core.model import Spec, wrong
from nhi_components.core.revocation import Revocation
from nhi_components.core.secret import SecretSpec

LONGEST_SESSION_SECONDS = 86_400
"""A day, our own bound; a session of AWS lives 12 hours at most (STS API, AssumeRole)."""

SHORTEST_SESSION_SECONDS = 60
MOST_APPROVERS = 5


class SecretForm(StrEnum):
    """How a secret of an identity's own gets its value, if it has one; `issued`: a credential that we rotate."""

    NONE = "none"
    GENERATED = "generated"
    WRITTEN = "written"
    ISSUED = "issued"

    @classmethod
    def of(cls, secret: SecretSpec | None) -> SecretForm:
        """Tell the form of what a specification declares."""
        if secret is None:
            return cls.NONE
        return cls.WRITTEN if secret.generate_bytes is None else cls.GENERATED


def _action_pattern(value: str) -> str:
    if ":" not in value or not matching_actions(value):
        raise wrong(
            got=value,
            expected="a pattern that covers an action that AWS documents",
            fix="write it like `iam:*` or `sts:AssumeRole`",
        )
    return value


def _path_pattern(value: str) -> str:
    if not value or value.startswith("/") or '"' in value or not value.isprintable():
        raise wrong(
            got=value,
            expected="a pattern of Vault paths, such as `sys/*`",
            fix="remove a leading slash, quotes and control characters",
        )
    return value


def _permission_pattern(value: str) -> str:
    if not is_documented_permission(value):
        raise wrong(
            got=value,
            expected="a pattern that covers a permission that Google documents",
            fix="write it like `iam.*.create` or `iam.serviceAccounts.actAs`",
        )
    return value


def _operation_pattern(value: str) -> str:
    if "/" not in value or not is_documented(value):
        raise wrong(
            got=value,
            expected="a pattern that covers an operation that Azure documents",
            fix="write it like `Microsoft.Authorization/*/write`",
        )
    return value


def _capability(value: str) -> str:
    if value not in VAULT_CAPABILITIES:
        raise wrong(got=value, expected="one of " + ", ".join(VAULT_CAPABILITIES), fix="choose among them")
    return value


def _forms(values: Sequence[SecretForm]) -> tuple[SecretForm, ...]:
    if not values:
        raise wrong(got="an empty list", expected="at least one of " + ", ".join(SecretForm), fix="allow at least one")
    return tuple(form for form in SecretForm if form in values)


Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=400)]
"""Why, in words that a reviewer understands."""

ForbiddenId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
Days = Annotated[int, Field(strict=True, ge=1, le=MAXIMUM_LIFETIME.days)]
GraceDays = Annotated[int, Field(strict=True, ge=0, le=LONGEST_GRACE_DAYS)]
SessionSeconds = Annotated[int, Field(strict=True, ge=SHORTEST_SESSION_SECONDS, le=LONGEST_SESSION_SECONDS)]
SecretForms = Annotated[tuple[SecretForm, ...], AfterValidator(_forms)]
StrictBool = Annotated[bool, Field(strict=True)]


class ForbiddenGrant(Spec):
    """What identities of a kind are never granted, on one system: actions, permissions, operations, or paths.

    Attributes:
        actions: patterns of IAM actions of AWS, such as `iam:Create*`.
        permissions: patterns of permissions of Google Cloud, such as `iam.*.create`; roles are judged by what they
            contain.
        operations: patterns of operations of Azure, such as `Microsoft.Authorization/*/write`; roles likewise.
        paths: patterns of Vault paths, such as `sys/*`.
        capabilities: only these on the paths; empty: any.
        reason: why.
    """

    subject: ClassVar[str] = "forbidden grant"

    actions: tuple[Annotated[str, AfterValidator(_action_pattern)], ...] = ()
    permissions: tuple[Annotated[str, AfterValidator(_permission_pattern)], ...] = ()
    operations: tuple[Annotated[str, AfterValidator(_operation_pattern)], ...] = ()
    paths: tuple[Annotated[str, AfterValidator(_path_pattern)], ...] = ()
    capabilities: tuple[Annotated[str, AfterValidator(_capability)], ...] = ()
    reason: Reason

    @model_validator(mode="after")
    def _of_one_system(self) -> Self:
        given = [name for name in ("actions", "permissions", "operations", "paths") if getattr(self, name)]
        if len(given) != 1:
            raise wrong(
                got=" and ".join(given) or "none of them",
                expected="one of `actions`, `permissions`, `operations` and `paths`",
                fix="name patterns of one system; make several of it for several",
            )
        if self.capabilities and not self.paths:
            raise wrong(got=f"capabilities of {given[0]}", expected="them beside `paths`", fix="remove `capabilities`")
        return self


class Approvals(Spec):
    """How many people must have approved an identity in some environments.

    Attributes:
        environments: the environment's name, or a pattern such as `prod*`.
        approvers: how many different ones, 0 to 5.
    """

    subject: ClassVar[str] = "approvals"

    environments: Annotated[str, StringConstraints(pattern=r"^[a-z*?][a-z0-9*?-]*$", max_length=16)]
    approvers: Annotated[int, Field(strict=True, ge=0, le=MOST_APPROVERS)]


def _distinct(values: Sequence[Approvals]) -> tuple[Approvals, ...]:
    patterns = [approvals.environments for approvals in values]
    if twice := sorted({pattern for pattern in patterns if patterns.count(pattern) > 1}):
        raise wrong(got=", ".join(twice), expected="each pattern once", fix="keep one of the two")
    return tuple(values)


ApprovalsList = Annotated[tuple[Approvals, ...], AfterValidator(_distinct)]


class Settings(Spec):
    """What a template sets.

    Attributes:
        lifetime_days: the furthest end date of an identity that is issued or renewed, 1 to 366 days ahead.
        grace_days: from its end date until it is retired, 0 to 90; the identity itself may ask for less.
        review_days: the owner looks at it at least this often, 1 to 366.
        rotation_days: the greatest age of a standing secret, 1 to 366.
        session_seconds: the longest session or token, 60 to 86,400.
        revocation: how fast access must end everywhere.
        secrets: the forms of secrets that it may have.
        sponsor_required: a person answers for what it does, beside the owner.
        approvals: how many people must approve it, by environment; where several patterns match, the greatest number.
    """

    subject: ClassVar[str] = "template"

    lifetime_days: Days
    grace_days: GraceDays
    review_days: Days
    rotation_days: Days
    session_seconds: SessionSeconds
    revocation: Revocation
    secrets: SecretForms
    sponsor_required: StrictBool
    approvals: ApprovalsList


class Template(Settings):
    """The template of one kind.

    Attributes:
        kind: whose it is.
        forbidden: what is never granted, by its id.
    """

    kind: Kind
    forbidden: dict[ForbiddenId, ForbiddenGrant]

    def approvers_needed(self, environment: str) -> int:
        """Tell how many people must approve an identity in that environment."""
        return max((a.approvers for a in self.approvals if glob_matches(a.environments, environment)), default=0)
