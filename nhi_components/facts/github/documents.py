"""Reads GitHub documents that stand alone: there are none, what GitHub grants is said by resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.model import Fact, Resource, Unjudged


def read(kind: DocumentKind, resource: Resource, value: object, context: Mapping[str, Any]) -> Iterable[Fact]:
    """Read one document, as `read_document` tells."""
    fix = "judge the Pulumi program or Terraform plan that makes the GitHub resource"
    return (Unjudged(resource, "kind", kind.value, "a GitHub resource of a program or plan", fix),)
