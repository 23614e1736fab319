"""Reads Vault's documents that stand alone: policies, auth roles, and the policies that somebody gets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, MalformedJson, kind_of, parse_json
from nhi_components.facts.vault.document import read_vault_policy
from nhi_components.facts.vault.roles import read_attached, read_role

_POLICIES: Final = (DocumentKind.VAULT_POLICY, DocumentKind.POLICY_DOCUMENT)
_ROLES: Final = (DocumentKind.TRUST_POLICY, DocumentKind.ROLE_DEFINITION)
_ATTACHING: Final = ("policies", "policy", "token_policies", "identity_policies", "role")
_BINDING: Final = "an object with the `policies` that somebody gets"


def read(kind: DocumentKind, resource: Resource, value: object, context: Mapping[str, Any]) -> Iterable[Fact]:
    """Read one document, as `read_document` tells.

    A `trust_policy` or `role_definition` is an auth role as Vault's API takes it, a `binding` an object with
    `policies`. The context may hold `method`, the name of the auth method.
    """
    if kind in _POLICIES:
        return read_vault_policy(resource, "document", value)
    if kind in _ROLES:
        told = context.get("method") or context.get("auth_method")
        return _parsed(resource, value) or read_role(resource, "document", _data(value), told)
    if kind is DocumentKind.BINDING:
        return _parsed(resource, value) or _binding(resource, _data(value))
    expected = f"one of {', '.join((*_POLICIES, *_ROLES, DocumentKind.BINDING))}"
    return (Unjudged(resource, "kind", kind.value, expected, "name the kind of the Vault document"),)


def _parsed(resource: Resource, value: object) -> tuple[Fact, ...]:
    """Give what is wrong with the text of a role or binding; nothing when it is JSON, or data."""
    try:
        _data(value)
    except MalformedJson as error:
        got = f"text that is not JSON: {error}"
        return (Unjudged(resource, "document", got, "a role or binding in JSON", "correct the syntax"),)
    return ()


def _data(value: object) -> object:
    return parse_json(value) if isinstance(value, str) else value


def _binding(resource: Resource, value: object) -> Iterator[Fact]:
    if value is UNKNOWN:
        yield NotYetKnown(resource, "document", "binding")
        return
    if not isinstance(value, Mapping):
        yield Unjudged(resource, "document", kind_of(value), _BINDING, "name the policies")
        return
    facts = [fact for name in _ATTACHING for fact in read_attached(resource, f"document.{name}", value.get(name))]
    if not facts:
        yield Unjudged(resource, "document", "an object without policies", _BINDING, "name the policies")
    yield from facts
