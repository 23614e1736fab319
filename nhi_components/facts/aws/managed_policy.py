"""What an attached policy of AWS's own allows: its document is known, so it is judged like any other."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from nhi_components.facts.aws.document import read_policy
from nhi_components.facts.aws.model import ManagedPolicyAttachment, PolicyKind
from nhi_components.facts.model import Fact, Resource, Unjudged

_OWNED_BY_AWS = ":iam::aws:policy/"


def read_attachment(resource: Resource, path: str, policy: str) -> Iterator[Fact]:
    """Yield the attachment of a policy, and what the policy says when it is one of AWS's.

    Args:
        resource: what it was read from.
        path: the place inside the resource.
        policy: the policy's ARN, or the name of a policy of AWS's.
    """
    yield ManagedPolicyAttachment(resource, path, policy)
    _, owned_by_aws, name = policy.partition(_OWNED_BY_AWS)
    if not owned_by_aws and not policy.startswith("arn:"):
        name = policy
    document = _documents().get(name) if name else None
    if document is not None:
        yield from read_policy(resource, path, document, PolicyKind.IDENTITY)
    elif owned_by_aws:
        expected = f"one of the {source()}"
        yield Unjudged(resource, path, policy, expected, "correct its name, or bring the bundled policies up to date")


def source() -> str:
    """Tell of which version the bundled documents are."""
    return str(_content()["source"])


@cache
def _documents() -> Mapping[str, Any]:
    policies: dict[str, Any] = _content()["policies"]
    return {path.rpartition("/")[2]: document for path, document in policies.items()} | policies


@cache
def _content() -> Mapping[str, Any]:
    packed = (resources.files(__package__) / "data/managed_policies.json.xz").read_bytes()
    content: dict[str, Any] = json.loads(lzma.decompress(packed))
    return content
