"""Reads documents that stand alone, outside any program: a file, a line of input, an answer of a cloud."""

from __future__ import annotations

from enum import StrEnum

from nhi_components.facts.aws.document import read_policy
from nhi_components.facts.aws.model import PolicyKind
from nhi_components.facts.model import Fact, Resource
from nhi_components.facts.vault.document import read_vault_policy


class DocumentKind(StrEnum):
    """What a document is."""

    POLICY_DOCUMENT = "policy_document"
    TRUST_POLICY = "trust_policy"
    RESOURCE_POLICY = "resource_policy"
    PERMISSION_BOUNDARY = "permission_boundary"
    VAULT_POLICY = "vault_policy"


_AWS_KINDS = {
    DocumentKind.POLICY_DOCUMENT: PolicyKind.IDENTITY,
    DocumentKind.TRUST_POLICY: PolicyKind.TRUST,
    DocumentKind.RESOURCE_POLICY: PolicyKind.RESOURCE,
    DocumentKind.PERMISSION_BOUNDARY: PolicyKind.BOUNDARY,
}


def read_document(kind: DocumentKind, name: str, value: object, service: str = "") -> tuple[Fact, ...]:
    """Read one document.

    Args:
        kind: what it is.
        name: how findings call it.
        value: its text, the same as data, or UNKNOWN.
        service: for an AWS resource policy, the service that owns the resource, such as `kms`.
    """
    resource = Resource(name, "document")
    if kind is DocumentKind.VAULT_POLICY:
        return read_vault_policy(resource, "document", value)
    return read_policy(resource, "document", value, _AWS_KINDS[kind], service)
