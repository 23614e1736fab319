"""Reads documents that stand alone, outside any program: a file, a line of input, an answer of a cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Any

from nhi_components.facts.model import Fact, Resource


class Platform(StrEnum):
    """Whose document it is; each has a folder beside this module that reads it."""

    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"
    GITHUB = "github"
    KUBERNETES = "kubernetes"
    VAULT = "vault"


class DocumentKind(StrEnum):
    """What a document is."""

    POLICY_DOCUMENT = "policy_document"
    TRUST_POLICY = "trust_policy"
    RESOURCE_POLICY = "resource_policy"
    PERMISSION_BOUNDARY = "permission_boundary"
    BINDING = "binding"
    ROLE_DEFINITION = "role_definition"
    VAULT_POLICY = "vault_policy"
    KUBERNETES_ROLE = "kubernetes_role"


Reader = Callable[[DocumentKind, Resource, object, Mapping[str, Any]], Iterable[Fact]]
"""Reads one document of a platform; a kind that the platform does not have is an `Unjudged`."""

_NOTHING_KNOWN: Mapping[str, Any] = {}
_PLATFORM_OF_KIND = {
    DocumentKind.VAULT_POLICY: Platform.VAULT,
    DocumentKind.KUBERNETES_ROLE: Platform.KUBERNETES,
}


def read_document(
    kind: DocumentKind,
    name: str,
    value: object,
    context: Mapping[str, Any] = _NOTHING_KNOWN,
    platform: Platform = Platform.AWS,
) -> tuple[Fact, ...]:
    """Read one document.

    Args:
        kind: what it is; a kind that only one platform has decides the platform.
        name: how findings call it.
        value: its text, the same as data, or UNKNOWN.
        context: what is known around it. On AWS `service`, that owns the resource of a resource policy, such as
            `kms`, `account`, in which the document applies, `boundary` and `policies`, further documents of the same
            principal. Each platform's reader tells what it takes.
        platform: whose document it is.
    """
    reader = _reader_of(_PLATFORM_OF_KIND.get(kind, platform))
    return tuple(reader(kind, Resource(name, "document"), value, context))


@cache
def _reader_of(platform: Platform) -> Reader:
    reader: Reader = import_module(f"{__package__}.{platform}.documents").read
    return reader
