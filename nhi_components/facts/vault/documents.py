"""Reads Vault policies that stand alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.model import Fact, Resource, Unjudged
from nhi_components.facts.vault.document import read_vault_policy


def read(kind: DocumentKind, resource: Resource, value: object, context: Mapping[str, Any]) -> Iterable[Fact]:
    """Read one document, as `read_document` tells."""
    if kind not in (DocumentKind.VAULT_POLICY, DocumentKind.POLICY_DOCUMENT):
        return (
            Unjudged(resource, "kind", kind.value, DocumentKind.VAULT_POLICY.value, "name the kind `vault_policy`"),
        )
    return read_vault_policy(resource, "document", value)
