"""Reads AWS documents that stand alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nhi_components.facts.aws.document import read_policy
from nhi_components.facts.aws.model import PolicyKind
from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.model import Fact, Resource, Unjudged

_KINDS = {
    DocumentKind.POLICY_DOCUMENT: PolicyKind.IDENTITY,
    DocumentKind.TRUST_POLICY: PolicyKind.TRUST,
    DocumentKind.RESOURCE_POLICY: PolicyKind.RESOURCE,
    DocumentKind.PERMISSION_BOUNDARY: PolicyKind.BOUNDARY,
}


def read(kind: DocumentKind, resource: Resource, value: object, context: Mapping[str, Any]) -> Iterable[Fact]:
    """Read one document, as `read_document` tells."""
    if kind not in _KINDS:
        expected = f"one of {', '.join(_KINDS)}"
        return (Unjudged(resource, "kind", kind.value, expected, "name the kind of the AWS document"),)
    return read_policy(resource, "document", value, _KINDS[kind], str(context.get("service", "")), context)
