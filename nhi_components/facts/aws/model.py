"""Facts about AWS: policy documents with normalised statements, and attachments of managed policies.

The grammar is that of the IAM user guide, 'Grammar of the IAM JSON policy language'.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nhi_components.facts.model import Resource
from nhi_components.facts.values import Located, Unknown


class PolicyKind(StrEnum):
    """What an AWS policy document hangs on, which decides what its elements mean."""

    IDENTITY = "identity policy"
    TRUST = "trust policy"
    RESOURCE = "resource policy"
    BOUNDARY = "permissions boundary"
    DECLARED = "declared grants"


@dataclass(frozen=True, slots=True)
class Principal:
    """One principal of a statement.

    Attributes:
        kind: `AWS`, `Service`, `Federated`, `CanonicalUser`; `*` for the bare `"*"`.
        text: the principal itself.
        path: where it stands.
    """

    kind: str
    text: str
    path: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: an operator, a key and the values, of which one must match.

    Attributes:
        operator: without set qualifier and `IfExists`, in lower case: `stringequals`.
        key: in lower case: `aws:sourcearn`; empty while it is not known.
        values: as text; UNKNOWN for each that is not known yet.
        qualifier: `foranyvalue`, `forallvalues` or empty.
        if_exists: the condition also holds when the request has no such key.
    """

    operator: str
    key: str
    values: tuple[str | Unknown, ...]
    qualifier: str = ""
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; a single string and a list of one read the same.

    Attributes:
        path: where it stands.
        allows: its effect is not `Deny`.
        actions: what `Action` names.
        not_actions: what `NotAction` names; None when the element is not there.
        resources: what `Resource` names.
        not_resources: what `NotResource` names; None when the element is not there.
        principals: what `Principal` names.
        not_principals: what `NotPrincipal` names; None when the element is not there.
        conditions: all of which must hold.
    """

    path: str
    allows: bool
    actions: tuple[Located, ...]
    not_actions: tuple[Located, ...] | None
    resources: tuple[Located, ...]
    not_resources: tuple[Located, ...] | None
    principals: tuple[Principal, ...]
    not_principals: tuple[Principal, ...] | None
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class GrantDocument:
    """One AWS policy document.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        kind: what it hangs on.
        statements: those that could be read.
        service: for a resource policy, the service that owns the resource, such as `kms`; empty when not known.
    """

    resource: Resource
    path: str
    kind: PolicyKind
    statements: tuple[Statement, ...]
    service: str = ""


@dataclass(frozen=True, slots=True)
class ManagedPolicyAttachment:
    """A principal gets a managed policy.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        arn: the policy's ARN.
    """

    resource: Resource
    path: str
    arn: str
