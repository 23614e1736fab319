"""Reads access policies of key vaults, the model before Azure RBAC.

Source: Azure REST API, 'Vaults - Create Or Update', `AccessPolicyEntry`; azurerm and azure provider, key vault access
policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nhi_components.facts.azure.fields import at, fields_of, members_of, parsed
from nhi_components.facts.azure.model import VaultAccess
from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, Located, kind_of

Fields = Mapping[str, tuple[str, Any]]

_SUBJECT = "access policy"
_ABSENT: tuple[str, Any] = ("", None)
_KINDS = ("secrets", "keys", "certificates", "storage")
_FLAT = {f"{kind.removesuffix('s')}permissions": kind for kind in _KINDS}
_FIX = "list permissions as Azure documents them"


def read_vault_access(resource: Resource, path: str, value: object) -> Iterator[Fact]:
    """Yield one access policy, or each of a list or of a vault, and what could not be understood of it."""
    noted: list[Fact] = []
    document = parsed(resource, path, value, _SUBJECT, noted)
    if document is not None or not noted:
        if isinstance(document, list) and not document:
            noted.append(Unjudged(resource, path, "an empty list", f"an {_SUBJECT}", _FIX))
        for place, member in _policies(document, path):
            _read(resource, place, member, noted)
    return iter(noted)


def _policies(document: object, path: str) -> Iterator[tuple[str, object]]:
    if not isinstance(document, Mapping):
        yield from members_of(document, path)
        return
    fields = fields_of(document)
    name, inner = fields.get("properties", _ABSENT)
    if isinstance(inner, Mapping):
        fields, path = fields_of(inner), at(path, name)
    name, policies = fields.get("accesspolicies", fields.get("accesspolicy", _ABSENT))
    if policies is None:
        yield path, document if inner is None else inner
    else:
        yield from members_of(policies, at(path, name))


def _read(resource: Resource, path: str, value: object, noted: list[Fact]) -> None:
    if value is UNKNOWN:
        noted.append(NotYetKnown(resource, path, _SUBJECT))
        return
    fields = fields_of(value) if isinstance(value, Mapping) else {}
    lists = list(_permission_lists(path, fields))
    if not lists:
        got = "no permissions" if fields else kind_of(value)
        noted.append(Unjudged(resource, path, got, "an access policy of a key vault", _FIX))
        return
    permissions: list[Located] = []
    for kind, place, members in lists:
        for where, member in members_of(members, place):
            if isinstance(member, str):
                permissions.append(Located(f"{kind}/{member.strip().lower()}", where))
            elif member is UNKNOWN:
                noted.append(NotYetKnown(resource, where, "permission"))
            elif member is not None:
                noted.append(Unjudged(resource, where, kind_of(member), "a permission as a string", _FIX))
    noted.append(VaultAccess(resource, path, tuple(permissions)))


def _permission_lists(path: str, fields: Fields) -> Iterator[tuple[str, str, object]]:
    name, nested = fields.get("permissions", _ABSENT)
    if isinstance(nested, Mapping):
        for kind, (inner, members) in fields_of(nested).items():
            if kind in _KINDS:
                yield kind, at(path, f"{name}.{inner}"), members
    for key, kind in _FLAT.items():
        if key in fields:
            yield kind, at(path, fields[key][0]), fields[key][1]
