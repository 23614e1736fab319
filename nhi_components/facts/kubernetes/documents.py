"""Reads Kubernetes documents that stand alone: manifests, and rules or bindings without their object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.kubernetes.manifests import read_manifests
from nhi_components.facts.model import Fact, Resource, Unjudged

_KINDS: Final = (DocumentKind.KUBERNETES_ROLE, DocumentKind.BINDING, DocumentKind.ROLE_DEFINITION)
_CONTEXT: Final = ("role", "roles", "binding", "bindings", "manifests")
_NAMESPACED: Final = ("Role", "RoleBinding")


def read(kind: DocumentKind, resource: Resource, value: object, context: Mapping[str, Any]) -> Iterable[Fact]:
    """Read one document, as `read_document` tells.

    The context may hold `role`, `roles`, `binding`, `bindings` or `manifests`, further manifests that are judged with
    the document; `kind`, that of a document that does not tell its own; and `namespace`, to which rules without a kind
    are limited.
    """
    if kind not in _KINDS:
        expected = f"one of {', '.join(_KINDS)}"
        return (Unjudged(resource, "kind", kind.value, expected, "name the kind of the Kubernetes document"),)
    cluster = context.get("kind") not in _NAMESPACED and not context.get("namespace")
    facts = read_manifests(resource, "document", value, cluster=cluster)
    for name in _CONTEXT:
        around = context.get(name)
        if isinstance(around, Mapping | list):
            facts += read_manifests(resource, f"context.{name}", around)
    return facts
