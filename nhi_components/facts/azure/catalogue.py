"""Azure's built-in roles and known operations, loaded when first asked for.

Source: the files in `data`, which name theirs and its date; `tools/azure_operations.py` writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

from nhi_components.facts.azure.model import Permission
from nhi_components.facts.values import Located

OWNER: Final = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
USER_ACCESS_ADMINISTRATOR: Final = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
RBAC_ADMINISTRATOR: Final = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
CONTRIBUTOR: Final = "b24988ac-6180-42a0-ab88-20f7382dd24c"


class BuiltInRole(NamedTuple):
    """One of Azure's own roles.

    Attributes:
        guid: its id, the same in every tenant.
        name: its name.
        permissions: what it grants; their places are empty.
    """

    guid: str
    name: str
    permissions: tuple[Permission, ...]


class Catalogue:
    """The built-in roles by id and by name."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._actions = [Located(action, "") for action in content["actions"]]
        self._rows = {row[0]: row for row in content["roles"]}
        self._by_name = {row[1].strip().lower(): row[0] for row in content["roles"]}
        self._made: dict[str, BuiltInRole] = {}

    def find(self, name_or_guid: str) -> BuiltInRole | None:
        """Give the role with this name or id, whatever its letter case."""
        key = name_or_guid.strip().lower()
        guid = self._by_name.get(key, key)
        role = self._made.get(guid)
        if role is None and guid in self._rows:
            role = self._made[guid] = self._make(self._rows[guid])
        return role

    def __iter__(self) -> Any:
        return (self.find(guid) for guid in self._rows)

    def _make(self, row: Any) -> BuiltInRole:
        guid, name, rows = row
        return BuiltInRole(guid, name, tuple(self._permission(numbers) for numbers in rows))

    def _permission(self, row: Any) -> Permission:
        given, out, data, data_out = (tuple(self._actions[number] for number in numbers) for numbers in row[:4])
        return Permission("", given, out, data, data_out, row[4] if len(row) > 4 else "")


@cache
def built_in_roles() -> Catalogue:
    """Give Azure's own roles."""
    return Catalogue(_load("roles.json"))


@cache
def is_known_provider(provider: str) -> bool:
    """Tell whether Azure has a resource provider of this name, given in lower case."""
    operations = _operations()
    return provider in operations["control"] or provider in operations["data"] or provider in _FURTHER_PROVIDERS


@cache
def types_of(provider: str) -> frozenset[str]:
    """Give the first part of the resource types of a provider; names in lower case."""
    operations = _operations()
    texts = f"{operations['control'].get(provider, '')} {operations['data'].get(provider, '')}"
    return frozenset(name.partition("/")[0] for name in texts.split()) | _FURTHER_TYPES.get(provider, frozenset())


@cache
def operations_named(suffix: str) -> tuple[str, ...]:
    """Give all operations of the control plane that end in a text, in lower case and without wildcards."""
    return tuple(
        f"{provider}/{name}"
        for provider, names in _operations()["control"].items()
        for name in names.split()
        if name.endswith(suffix) and "*" not in name
    )


@cache
def _operations() -> Mapping[str, Mapping[str, str]]:
    content: Mapping[str, Mapping[str, str]] = _load("operations.json")
    return content


def _load(name: str) -> Any:
    return json.loads((resources.files(__package__) / "data" / name).read_bytes())


_FURTHER_PROVIDERS = frozenset(
    {
        "microsoft.aadiam",
        "microsoft.azureactivedirectory",
        "microsoft.biztalkservices",
        "microsoft.capacity",
        "microsoft.classiccompute",
        "microsoft.classicnetwork",
        "microsoft.classicstorage",
        "microsoft.directory",
        "microsoft.features",
        "microsoft.marketplace",
        "microsoft.office365",
        "microsoft.portal",
        "microsoft.resourcegraph",
        "microsoft.visualstudio",
        "microsoft.windowsdefender",
    }
)
"""Providers that the data set leaves out; source: Azure documentation, 'Resource providers for Azure services'."""

_FURTHER_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "microsoft.managedidentity": frozenset({"identities"}),
    "microsoft.resourcegraph": frozenset({"resources", "queries"}),
    "microsoft.resources": frozenset(
        {"checkpolicycompliance", "checkresourcename", "checkzonepeers", "tenants", "links"}
    ),
    "microsoft.web": frozenset({"staticsites", "kubeenvironments", "apimanagementaccounts", "billingmeters", "skus"}),
}
"""Likewise; source: Azure documentation, 'Azure permissions'."""
