"""Facts about Google Cloud: who is bound to which role where, what roles contain, and whose tokens are trusted.

Sources: IAM documentation, 'Policy', 'Principal identifiers', 'Create and manage custom roles', 'Workload Identity
Federation'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from nhi_components.facts.gcp.conditions import Condition
from nhi_components.facts.model import Resource
from nhi_components.facts.values import Located, Unknown


class Scope(StrEnum):
    """How far a binding reaches."""

    ORGANIZATION = "organization"
    FOLDER = "folder"
    PROJECT = "project"
    SERVICE_ACCOUNT = "service account"
    RESOURCE = "resource"
    NOT_TOLD = "scope that is not told"


@dataclass(frozen=True, slots=True)
class Binding:
    """Members are given a role on something.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        role: the role's name, such as `roles/storage.admin` or `projects/p/roles/deployer`.
        role_path: where the role stands.
        members: whom it is given to.
        scope: on what; `NOT_TOLD` for a document that does not say, which rules take for a project.
        condition: under which condition; None for none.
        permissions: what the role contains; empty when that is not known from the role's name.
        project: the project that all of it belongs to, where what is known around the document tells; else empty.
    """

    resource: Resource
    path: str
    role: str
    role_path: str
    members: tuple[Located, ...]
    scope: Scope
    condition: Condition | None
    permissions: frozenset[str]
    project: str = ""


@dataclass(frozen=True, slots=True)
class RoleDefinition:
    """A custom role.

    Attributes:
        resource: what it was read from.
        path: the place of its list of permissions.
        listed: the permissions as they stand there, in order.
        wildcards: those with a `*`, each with its place. Google Cloud refuses them, but people write them.
        permissions: what it contains: the listed names, those that they differ from in letter case alone, and what
            the wildcards would stand for.
    """

    resource: Resource
    path: str
    listed: tuple[str, ...]
    wildcards: tuple[Located, ...]
    permissions: frozenset[str]


class Federation(StrEnum):
    """How the provider of a workload identity pool knows the identities that it lets in."""

    OIDC = "OIDC"
    AWS = "AWS"
    SAML = "SAML"
    X509 = "X.509"


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """A provider of a workload identity pool: whose tokens are exchanged for Google's.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        federation: how it knows identities.
        issuer: the OIDC issuer, or the AWS account; empty for the others.
        audiences: the audiences it accepts; empty for its own name, which is the default.
        mapping: which attribute of Google's is made of which expression over the token.
        condition: what a token must fulfil; None for nothing.
        disabled: it lets nobody in.
    """

    resource: Resource
    path: str
    federation: Federation
    issuer: str | Unknown
    audiences: tuple[Located, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    condition: Condition | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class RunsAs:
    """A workload runs as a service account.

    Attributes:
        resource: the workload.
        path: where the account stands, or would.
        account: its e-mail address; None when none is named, so that the default one is taken.
        scopes: the OAuth scopes that limit it, where it has such.
    """

    resource: Resource
    path: str
    account: str | None
    scopes: tuple[str, ...] = ()
