"""What a grant on Google Cloud can be bound on: resources with an allow policy of their own, by their relative names.

A relative resource name is what Google's APIs answer as `name` and what Pulumi shows as `id`, such as
`projects/shop/topics/orders`; a bucket's is `projects/_/buckets/NAME`, as in conditions (`resource.name`). The part of
a bucket below a prefix is written `projects/_/buckets/NAME/objects/PREFIX*`; it is bound on the bucket, under a
condition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from nhi_components.core.errors import Problem
from nhi_components.core.text import shown

PROJECT_ID: Final = r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]"
"""Resource Manager, REST `projects.create`: 6 to 30 characters; older ones may lie in a domain."""

_PART: Final = r"[A-Za-z0-9][\w.~+%-]*"
BUCKET_NAME: Final = r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"
"""Cloud Storage, 'About Cloud Storage buckets': 3 to 63 characters, with dots up to 222."""


class ResourceKind(StrEnum):
    """A kind of resource that has an allow policy of its own."""

    PROJECT = "project"
    SERVICE_ACCOUNT = "service account"
    BUCKET = "bucket"
    TOPIC = "topic"
    SUBSCRIPTION = "subscription"
    SECRET = "secret"  # noqa: S105 - a kind, not a secret
    DATASET = "dataset"
    TABLE = "table"
    KEY_RING = "key ring"
    CRYPTO_KEY = "crypto key"
    RUN_SERVICE = "Cloud Run service"
    REPOSITORY = "Artifact Registry repository"
    LOG_VIEW = "log view"


_SHAPES: Final[Mapping[ResourceKind, re.Pattern[str]]] = MappingProxyType(
    {
        kind: re.compile(pattern, re.ASCII)
        for kind, pattern in {
            ResourceKind.PROJECT: rf"projects/(?P<project>{PROJECT_ID})",
            ResourceKind.SERVICE_ACCOUNT: rf"projects/(?P<project>{PROJECT_ID})/serviceAccounts/[\w.@:-]+",
            ResourceKind.BUCKET: rf"projects/_/buckets/{BUCKET_NAME}",
            ResourceKind.TOPIC: rf"projects/(?P<project>{PROJECT_ID})/topics/{_PART}",
            ResourceKind.SUBSCRIPTION: rf"projects/(?P<project>{PROJECT_ID})/subscriptions/{_PART}",
            ResourceKind.SECRET: rf"projects/(?P<project>{PROJECT_ID})/secrets/[\w-]{{1,255}}",
            ResourceKind.DATASET: rf"projects/(?P<project>{PROJECT_ID})/datasets/\w{{1,1024}}",
            ResourceKind.TABLE: rf"projects/(?P<project>{PROJECT_ID})/datasets/\w{{1,1024}}/tables/[\w -]{{1,1024}}",
            ResourceKind.KEY_RING: rf"projects/(?P<project>{PROJECT_ID})/locations/[a-z0-9-]+/keyRings/[\w-]{{1,63}}",
            ResourceKind.CRYPTO_KEY: (
                rf"projects/(?P<project>{PROJECT_ID})/locations/[a-z0-9-]+/keyRings/[\w-]{{1,63}}"
                r"/cryptoKeys/[\w-]{1,63}"
            ),
            ResourceKind.RUN_SERVICE: rf"projects/(?P<project>{PROJECT_ID})/locations/[a-z0-9-]+/services/[a-z0-9-]+",
            ResourceKind.REPOSITORY: (
                rf"projects/(?P<project>{PROJECT_ID})/locations/[a-z0-9-]+/repositories/[a-z0-9-]+"
            ),
            ResourceKind.LOG_VIEW: (
                rf"projects/(?P<project>{PROJECT_ID})/locations/[a-z0-9-]+/buckets/[\w.-]+/views/[\w.-]+"
            ),
        }.items()
    }
)
_PREFIX: Final = re.compile(rf"(?P<bucket>projects/_/buckets/{BUCKET_NAME})/objects/(?P<prefix>[^*\"\\\x00-\x1f]+)\*")

WITHOUT_CONDITIONS: Final = frozenset(
    {
        ResourceKind.TOPIC,
        ResourceKind.SUBSCRIPTION,
        ResourceKind.TABLE,
        ResourceKind.RUN_SERVICE,
        ResourceKind.REPOSITORY,
    }
)
"""Kinds whose allow policy takes no conditional binding, so that the end of a grant on them can only be recorded.

Sources: IAM documentation, 'Resource types that accept conditional role bindings'; the provider's documentation shows
conditions for none of these (pulumi-gcp 10.2.0). Cloud Run itself takes them, but the provider reads a service's policy
without a version, in which a condition does not show, and so fails to find the binding that it has just made.
"""


@dataclass(frozen=True, slots=True)
class Target:
    """What a grant names.

    Attributes:
        kind: the kind of resource that it is bound on.
        resource: that resource's relative name.
        project: the project it lies in; None for a bucket, whose name does not tell.
        prefix: of the objects that alone are meant; empty for all.
    """

    kind: ResourceKind
    resource: str
    project: str | None
    prefix: str = ""

    @property
    def takes_conditions(self) -> bool:
        """Whether a binding on it can end by itself."""
        return self.kind not in WITHOUT_CONDITIONS


@dataclass(frozen=True, slots=True)
class LaterTarget:
    """A target whose name is known at deployment only; its kind decides now which resource is made for the binding.

    Attributes:
        kind: the kind of resource that it will be.
        name: its relative name, as plain text or as a Pulumi output, as in `Target.resource`; for the objects below a
            prefix with `/objects/PREFIX*`.
        project: the project it lies in, where a custom role for it is made; None for the bundle's own.
        label: tells it from another target of the same kind and with the same permissions that is not known either:
            its binding is named after it, and stays what it is when the other is removed.
    """

    kind: ResourceKind
    name: Any
    project: str | None = None
    label: str = ""


def pattern_of(kind: ResourceKind) -> str:
    """The pattern that the whole relative name of a resource of one kind matches."""
    return _SHAPES[kind].pattern


def target_of(name: str) -> Target | None:
    """Read what a grant names; None when it is nothing that can be bound on."""
    if found := _PREFIX.fullmatch(name):
        return Target(ResourceKind.BUCKET, found["bucket"], None, found["prefix"])
    for kind, shape in _SHAPES.items():
        if found := shape.fullmatch(name):
            return Target(kind, name, found.groupdict().get("project"))
    return None


def target_problems(path: str, name: str) -> list[Problem]:
    """Judge one target of a grant; used again at deployment for a target that was unknown before."""
    if target_of(name):
        return []
    expected = "a relative resource name that has an allow policy of its own"
    fix = "write it like `projects/shop/topics/orders` or `projects/_/buckets/shop-orders`; in a program, take `.id`"
    return [Problem(path, shown(name), expected, fix)]
