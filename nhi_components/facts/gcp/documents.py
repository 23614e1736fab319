"""Reads Google Cloud documents that stand alone: bindings, IAM policies, custom roles, providers of identity pools.

What a document is follows from its members, so that a policy on a service account may come as a trust policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.gcp.bindings import is_binding, read_binding, read_policy
from nhi_components.facts.gcp.model import Scope
from nhi_components.facts.gcp.parts import Notes, part
from nhi_components.facts.gcp.providers import is_provider, read_provider
from nhi_components.facts.gcp.roles import read_permissions, read_role
from nhi_components.facts.gcp.scopes import scope_of
from nhi_components.facts.model import Fact, Resource, Unjudged
from nhi_components.facts.values import MalformedJson, kind_of, parse_json

_SCOPES = {
    DocumentKind.POLICY_DOCUMENT: Scope.NOT_TOLD,
    DocumentKind.BINDING: Scope.NOT_TOLD,
    DocumentKind.ROLE_DEFINITION: Scope.NOT_TOLD,
    DocumentKind.RESOURCE_POLICY: Scope.RESOURCE,
    DocumentKind.TRUST_POLICY: Scope.SERVICE_ACCOUNT,
}
_EXPECTED = "a binding, an IAM policy, a custom role, or a provider of a workload identity pool"
_PATH = "document"


def read(kind: DocumentKind, resource: Resource, value: object, context: Mapping[str, Any]) -> Iterable[Fact]:
    """Read one document, as `read_document` tells.

    Args:
        kind: any kind but those of other systems.
        resource: the document.
        value: JSON text, the same as data, or UNKNOWN.
        context: `resource_type` or `resource`, on what bindings stand that do not say; `project`, to which it all
            belongs; `roles`, the permissions of custom roles by name.
    """
    if kind not in _SCOPES:
        expected = f"one of {', '.join(_SCOPES)}"
        return (Unjudged(resource, "kind", kind.value, expected, "name the kind of the document"),)
    notes = Notes(resource)
    facts = tuple(_read(notes, kind, _parsed(notes, value), context))
    return (*facts, *notes.facts)


def _parsed(notes: Notes, value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value)
    except MalformedJson as error:
        notes.wrong(_PATH, f"text that cannot be read: {error}", "a JSON object", "correct the JSON")
        return _Unreadable


class _Unreadable:
    """Stands for text that has been reported already."""


def _read(notes: Notes, kind: DocumentKind, value: object, context: Mapping[str, Any]) -> Iterator[Fact]:
    scope = _SCOPES[kind]
    if value is _Unreadable:
        return
    if isinstance(value, list) and kind is DocumentKind.ROLE_DEFINITION:
        yield from read_permissions(notes, _PATH, value)
    elif isinstance(value, list):
        yield from read_policy(notes, _PATH, {"bindings": value}, scope, context)
    elif isinstance(value, Mapping):
        yield from _read_object(notes, kind, value, context)
    else:
        notes.note(_PATH, value, "document", _EXPECTED)


def _read_object(
    notes: Notes, kind: DocumentKind, given: Mapping[str, Any], context: Mapping[str, Any]
) -> Iterator[Fact]:
    scope, inner = _SCOPES[kind], part(given, "policyData", "policy", "iamPolicy")
    if "bindings" in given or "binding" in given:
        yield from read_policy(notes, _PATH, given, scope, context)
    elif isinstance(given.get("role"), Mapping):
        yield from read_role(notes, f"{_PATH}.role", given["role"])
    elif is_binding(given):
        yield from read_binding(notes, _PATH, given, scope, context)
    elif part(given, "includedPermissions", "permissions")[1] is not None or kind is DocumentKind.ROLE_DEFINITION:
        yield from read_role(notes, _PATH, given)
    elif is_provider(given):
        yield from read_provider(notes, _PATH, given)
    elif inner[1] is not None:
        reach = scope_of(given, context) or scope
        yield from read_policy_data(notes, f"{_PATH}.{inner[0]}", inner[1], reach, context)
    elif not _only_denies(given):
        notes.wrong(_PATH, kind_of(given), _EXPECTED)


def read_policy_data(
    notes: Notes, path: str, value: object, scope: Scope, context: Mapping[str, Any]
) -> Iterator[Fact]:
    """Read an IAM policy that stands as JSON text, or as data, in a property of something else."""
    value = _parsed(notes, value)
    if value is _Unreadable:
        return
    if isinstance(value, Mapping):
        if value.keys() - {"etag", "version", "auditConfigs", "audit_config"}:
            yield from read_policy(notes, path, value, scope, context)
    else:
        notes.note(path, value, "IAM policy", "an IAM policy with `bindings`")


def _only_denies(given: Mapping[str, Any]) -> bool:
    """Tell whether it is a deny policy, or an empty IAM policy; neither grants anything."""
    rules = given.get("rules")
    if isinstance(rules, list):
        return all(isinstance(rule, Mapping) and part(rule, "denyRule")[1] is not None for rule in rules)
    return bool(given) and given.keys() <= {"etag", "version", "auditConfigs"}
