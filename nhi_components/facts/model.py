"""Facts that do not depend on a system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from nhi_components.facts.values import Unknown


class Resource(NamedTuple):
    """What a fact was read from.

    Attributes:
        name: how findings call it: a URN, an address in a plan, a file.
        type: its type token; `document` for a document that stands alone.
        parent: the name of the resource that encloses it.
    """

    name: str
    type: str
    parent: str | None = None


class Fact(Protocol):
    """Anything that a reader learned of one resource."""

    @property
    def resource(self) -> Resource:
        """What it was read from."""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Something that a reader could not understand, so that no rule has judged it.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        got: what stands there; never a credential.
        expected: what the reader understands.
        fix: what to do about it.
    """

    resource: Resource
    path: str
    got: str
    expected: str
    fix: str


@dataclass(frozen=True, slots=True)
class NotYetKnown:
    """Something that takes its value from a resource that does not exist yet.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        subject: what it is, such as `policy document`.
    """

    resource: Resource
    path: str
    subject: str


@dataclass(frozen=True, slots=True)
class DeclaredGrants:
    """A component told which grants its parts will hold, before their documents are known.

    Attributes:
        resource: the component.
        complete: every action is known; only targets may be unknown.
        actions: the actions, or the capabilities on Vault, in lower case, as patterns; on Kubernetes what
            `facts.kubernetes.model.permission_text` writes, and every one of a verb where a target is not known yet.
    """

    resource: Resource
    complete: bool
    actions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who answers for a resource and when it ends, as its tags, metadata or inputs say.

    Attributes:
        resource: what it was read from.
        path: where the labels stand, such as `tags`.
        labels: tag keys and values; UNKNOWN when it is not known which tags there are. A component's inputs appear
            under the keys of `core.tags`.
        managed: it bears our mark, or is of one of our types: an owner and an end date are always due.
        lifetime_days: the end is given as days from the issue day; the lease turns it into a date.
        suspended: the program declares the identity suspended or retired, so its end may lie in the past.
    """

    resource: Resource
    path: str
    labels: Mapping[str, str | Unknown] | Unknown
    managed: bool
    lifetime_days: int | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class StandingCredential:
    """A secret that proves an identity until it ends or somebody removes it: a key, a password, a token.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource that tells its end, or would.
        what: what it is, such as `access key of an IAM user`; never its value.
        ends: the moment it ends, as RFC 3339 text; None when it does not end by itself.
        lifetime_days: how long it lives, where that is told as a span; rounded up.
        instead: what would do without it, such as `let the workload assume a role`.
    """

    resource: Resource
    path: str
    what: str
    ends: str | Unknown | None
    lifetime_days: int | None
    instead: str
