"""Facts about GitHub: what its workflows may do, who gets its secrets, and what their tokens say they are."""

from __future__ import annotations

from dataclasses import dataclass

from nhi_components.facts.model import Resource


@dataclass(frozen=True, slots=True)
class WorkflowPermissions:
    """What the token of every workflow run may do unless the workflow says less.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        writes: it may write.
        approves: it may approve pull requests.
    """

    resource: Resource
    path: str
    writes: bool
    approves: bool


@dataclass(frozen=True, slots=True)
class OrganizationSecret:
    """A secret of an organisation.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource that tells its visibility.
        visibility: which repositories get it: `all`, `private` or `selected`.
    """

    resource: Resource
    path: str
    visibility: str


@dataclass(frozen=True, slots=True)
class SubjectTemplate:
    """The claims of which the subject of a workflow's OpenID Connect token is made.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        claims: their names, in order.
    """

    resource: Resource
    path: str
    claims: tuple[str, ...]
