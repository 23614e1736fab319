"""Recognises documents that grant inside plain data, by their own marks, wherever they stand in it.

| what | how it is recognised |
| --- | --- |
| AWS policy | `Statement`; a trust or resource policy when its statements name principals |
| GCP binding | `role`, as `roles/…`, with `members` or `member` |
| GCP role | `includedPermissions` |
| Azure role | `assignableScopes`, or `permissions` with `actions`, in either letter case, also in `properties` |
| Azure role assignment | `roleDefinitionId` or `roleDefinitionName`, also in `properties` |
| Vault policy | `path` with objects that have `capabilities` or `policy` |
| Kubernetes | `apiVersion` and `kind` |

A policy as text inside JSON, as AWS's own tools write some, is found, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from nhi_components.facts.documents import DocumentKind, Platform

_AZURE_ROLE: Final = frozenset({"actions", "notactions", "dataactions", "notdataactions"})
_AWS_FORMS: Final = {
    DocumentKind.POLICY_DOCUMENT: "AWS policy",
    DocumentKind.TRUST_POLICY: "AWS trust policy",
    DocumentKind.RESOURCE_POLICY: "AWS resource policy",
}


class Document(NamedTuple):
    """A document and the place where it stands; the place is empty for the whole."""

    form: str
    kind: DocumentKind
    platform: Platform
    value: Any
    path: str


def is_manifest(value: object) -> bool:
    """Tell whether plain data is a Kubernetes object or a list of them."""
    if not isinstance(value, Mapping) or "kind" not in value:
        return False
    group, _, version = str(value.get("apiVersion")).rpartition("/")
    return version[:1] == "v" and version[1:2].isdigit() and not group.startswith("Microsoft.")


def documents_in(value: Any) -> Iterator[Document]:
    """Yield every document that grants, in the order of the data. Nothing recurses."""
    pending: list[tuple[str, Any]] = [("", value)]
    while pending:
        path, current = pending.pop()
        found = _document(path, current)
        if found is not None:
            yield found
        elif isinstance(current, Mapping):
            members = [(f"{path}.{key}" if path else str(key), member) for key, member in current.items()]
            pending += reversed(members)
        elif isinstance(current, list):
            pending += [(f"{path}[{index}]", current[index]) for index in range(len(current) - 1, -1, -1)]


def _document(path: str, value: Any) -> Document | None:
    if isinstance(value, str):
        return _aws_text(path, value) if '"Statement"' in value else None
    if not isinstance(value, Mapping):
        return None
    if is_manifest(value):
        return Document("Kubernetes manifest", DocumentKind.KUBERNETES_ROLE, Platform.KUBERNETES, value, path)
    if "Statement" in value and (not path or _has_effects(value["Statement"])):
        return _aws(path, value, value)
    return _gcp(path, value) or _azure(path, value) or _vault(path, value)


def _aws_text(path: str, text: str) -> Document | None:
    from nhi_components.facts.values import MalformedJson, parse_json

    try:
        parsed = parse_json(text)
    except MalformedJson:
        parsed = {}
    return _aws(path, parsed if isinstance(parsed, Mapping) else {}, text)


def _aws(path: str, parsed: Mapping[str, Any], value: Any) -> Document:
    from nhi_components.facts.aws.policy_kinds import kind_of_policy

    kind = kind_of_policy(parsed)
    return Document(_AWS_FORMS[kind], kind, Platform.AWS, value, path)


def _has_effects(statements: object) -> bool:
    members = statements if isinstance(statements, list) else [statements]
    return any(isinstance(member, Mapping) and "Effect" in member for member in members)


def _gcp(path: str, value: Mapping[str, Any]) -> Document | None:
    if "includedPermissions" in value:
        return Document("GCP role", DocumentKind.ROLE_DEFINITION, Platform.GCP, value, path)
    role = value.get("role")
    if isinstance(role, str) and ("roles/" in role or not path) and ("members" in value or "member" in value):
        return Document("GCP binding", DocumentKind.BINDING, Platform.GCP, value, path)
    return None


def _azure(path: str, value: Mapping[str, Any]) -> Document | None:
    inner = value.get("properties")
    fields = {
        str(key).lower(): member for each in (value, inner) if isinstance(each, Mapping) for key, member in each.items()
    }
    if "roledefinitionid" in fields or "roledefinitionname" in fields:
        return Document("Azure role assignment", DocumentKind.BINDING, Platform.AZURE, value, path)
    permissions = fields.get("permissions")
    is_role = isinstance(permissions, list) and any(
        isinstance(each, Mapping) and _AZURE_ROLE.intersection(str(key).lower() for key in each) for each in permissions
    )
    if is_role or "assignablescopes" in fields:
        return Document("Azure role", DocumentKind.ROLE_DEFINITION, Platform.AZURE, value, path)
    return None


def _vault(path: str, value: Mapping[str, Any]) -> Document | None:
    paths = value.get("path")
    if not isinstance(paths, Mapping) or not paths:
        return None
    if all(isinstance(each, Mapping) and ("capabilities" in each or "policy" in each) for each in paths.values()):
        return Document("Vault policy", DocumentKind.VAULT_POLICY, Platform.VAULT, value, path)
    return None
