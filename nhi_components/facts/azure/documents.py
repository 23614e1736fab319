"""Reads Azure documents that stand alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from nhi_components.facts.azure.federated_credential import read_federated_credential
from nhi_components.facts.azure.role_assignment import read_role_assignment
from nhi_components.facts.azure.role_definition import read_role_definition
from nhi_components.facts.azure.vault_access import read_vault_access
from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.model import Fact, Resource, Unjudged

_READERS: dict[DocumentKind, Callable[[Resource, str, object], Iterator[Fact]]] = {
    DocumentKind.ROLE_DEFINITION: read_role_definition,
    DocumentKind.POLICY_DOCUMENT: read_role_definition,
    DocumentKind.TRUST_POLICY: read_federated_credential,
    DocumentKind.RESOURCE_POLICY: read_vault_access,
}


def read(kind: DocumentKind, resource: Resource, value: object, context: Mapping[str, Any]) -> Iterable[Fact]:
    """Read one document, as `read_document` tells.

    A role definition may also be called a policy document; a trust policy is a federated identity credential; a
    resource policy holds the access policies of a key vault. For a binding, `context` may name `scope` and
    `role_definition`, the definition of a role that is none of Azure's own.
    """
    if kind is DocumentKind.BINDING:
        return read_role_assignment(resource, "document", value, context)
    reader = _READERS.get(kind)
    if reader is None:
        expected = f"one of {', '.join((*_READERS, DocumentKind.BINDING))}"
        return (Unjudged(resource, "kind", kind.value, expected, "name the kind of the Azure document"),)
    return reader(resource, "document", value)
