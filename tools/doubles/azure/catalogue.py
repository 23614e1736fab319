"""Which operations there are, and which the built-in roles have, from the product's own data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from nhi_components.core.azure_catalogue import operations
from nhi_components.facts.azure import catalogue
from nhi_components.facts.azure.patterns import matches


@cache
def is_supported(pattern: str, *, data: bool) -> bool:
    """Tell whether an operation, or one that its wildcards match, is one of the control plane, or of the data plane.

    The data set names some operations by wildcards only; those are believed unless the other plane names them outright.
    """
    asked = pattern.lower()
    if asked.partition("/")[0] == "*":
        return True
    if _is_named(asked, data=data):
        return True
    return not _is_named(asked, data=not data) and any(matches(each, asked) for each in _names(asked, data=data))


def _is_named(asked: str, *, data: bool) -> bool:
    return any("*" not in each and matches(asked, each) for each in _names(asked, data=data))


def _names(asked: str, *, data: bool) -> Iterator[str]:
    """The operations of the providers that an operation may be one of."""
    provider = asked.partition("/")[0]
    for each, names in operations()["data" if data else "control"].items():
        if matches(provider, each):
            yield from (f"{each}/{name}" for name in names.split())


@cache
def built_in(guid: str) -> Mapping[str, Any] | None:
    """Give a built-in role's definition as Azure Resource Manager shows its properties; None when there is none."""
    role = catalogue.built_in_roles().find(guid)
    if role is None:
        return None
    permissions = [
        {
            "actions": [each.text for each in block.actions],
            "notActions": [each.text for each in block.not_actions],
            "dataActions": [each.text for each in block.data_actions],
            "notDataActions": [each.text for each in block.not_data_actions],
        }
        for block in role.permissions
        # A condition of a built-in role's own is about who may assign which roles; the double grants nothing for it.
        if not block.condition
    ]
    return {
        "guid": role.guid,
        "roleName": role.name,
        "type": "BuiltInRole",
        "description": "",
        "assignableScopes": ["/"],
        "permissions": permissions,
    }


def built_in_guids() -> list[str]:
    """The ids of all built-in roles."""
    return [role.guid for role in catalogue.built_in_roles()]
