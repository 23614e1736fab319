"""Azure's built-in roles and known operations, as `data/azure_roles.json` and `data/azure_operations.json` list them.

The files name their source and its date; `tools/azure_operations.py` writes them. They are read when first asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

OWNER: Final = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
USER_ACCESS_ADMINISTRATOR: Final = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
RBAC_ADMINISTRATOR: Final = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
CONTRIBUTOR: Final = "b24988ac-6180-42a0-ab88-20f7382dd24c"
SECRETS_USER: Final = "4633458b-17de-408a-b874-0445c86b69e6"
IDENTITY_OPERATOR: Final = "f1a07417-d97a-45cb-824c-7a7467783830"


class RolePermission(NamedTuple):
    """One member of a built-in role's `permissions`.

    Attributes:
        actions: operations of the control plane, with wildcards.
        not_actions: taken out of `actions`.
        data_actions: operations on data, with wildcards.
        not_data_actions: taken out of `data_actions`.
        condition: an ABAC condition; empty for none.
    """

    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    data_actions: tuple[str, ...]
    not_data_actions: tuple[str, ...]
    condition: str


class RoleEntry(NamedTuple):
    """One of Azure's own roles.

    Attributes:
        guid: its id, the same in every tenant.
        name: its name.
        permissions: what it grants.
    """

    guid: str
    name: str
    permissions: tuple[RolePermission, ...]


class Roles:
    """The built-in roles by id and by name."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._actions: list[str] = content["actions"]
        self._rows = {row[0]: row for row in content["roles"]}
        self._by_name = {row[1].strip().lower(): row[0] for row in content["roles"]}
        self._made: dict[str, RoleEntry] = {}

    def find(self, name_or_guid: str) -> RoleEntry | None:
        """Give the role with this name or id, whatever its letter case."""
        key = name_or_guid.strip().lower()
        guid = self._by_name.get(key, key)
        role = self._made.get(guid)
        if role is None and guid in self._rows:
            role = self._made[guid] = self._make(self._rows[guid])
        return role

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all roles, as Azure writes them."""
        return tuple(row[1].strip() for row in self._rows.values())

    @property
    def guids(self) -> tuple[str, ...]:
        """The ids of all roles."""
        return tuple(self._rows)

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that roles name, as Azure writes them, with wildcards."""
        return tuple(self._actions)

    def _make(self, row: Any) -> RoleEntry:
        guid, name, rows = row
        return RoleEntry(guid, name, tuple(self._permission(numbers) for numbers in rows))

    def _permission(self, row: Any) -> RolePermission:
        given, out, data, data_out = (tuple(self._actions[number] for number in numbers) for numbers in row[:4])
        return RolePermission(given, out, data, data_out, row[4] if len(row) > 4 else "")


@cache
def roles() -> Roles:
    """Give Azure's own roles."""
    return Roles(_load("azure_roles.json"))


@cache
def providers() -> frozenset[str]:
    """Give the names of the resource providers whose operations are known, in lower case."""
    return frozenset(operations()["control"]) | frozenset(operations()["data"])


@cache
def is_known_provider(provider: str) -> bool:
    """Tell whether Azure has a resource provider of this name, given in lower case."""
    known = operations()
    return provider in known["control"] or provider in known["data"] or provider in _FURTHER_PROVIDERS


@cache
def types_of(provider: str) -> frozenset[str]:
    """Give the first part of the resource types of a provider; names in lower case."""
    known = operations()
    texts = f"{known['control'].get(provider, '')} {known['data'].get(provider, '')}"
    return frozenset(name.partition("/")[0] for name in texts.split()) | _FURTHER_TYPES.get(provider, frozenset())


@cache
def operations_named(suffix: str) -> tuple[str, ...]:
    """Give all operations of the control plane that end in a text, in lower case and without wildcards."""
    return tuple(name for name in _of_plane("control") if name.endswith(suffix) and "*" not in name)


@cache
def operations_of(provider: str, *, data: bool) -> frozenset[str]:
    """Give a provider's operations of the control plane, or on data; in lower case, without wildcards.

    Args:
        provider: its name in lower case.
        data: whether those on data are meant.
    """
    listed = operations()["data" if data else "control"].get(provider, "").split()
    further = _FURTHER_DATA.get(provider, "").split() if data else []
    return frozenset(f"{provider}/{name}" for name in (*listed, *further) if "*" not in name)


@cache
def patterns_of(provider: str, *, data: bool) -> frozenset[str]:
    """Give the names with wildcards by which the data knows a provider's operations; in lower case."""
    listed = operations()["data" if data else "control"].get(provider, "").split()
    return frozenset(f"{provider}/{name}" for name in listed if "*" in name)


@cache
def as_azure_writes_it(operation: str) -> str:
    """Give a known operation in Azure's own letter case, where a built-in role names it; else as it is."""
    return _in_letter_case().get(operation.lower(), operation)


@cache
def operations() -> Mapping[str, Any]:
    """Give the file of operations: `control` and `data`, each by provider, and its `source` and `date`."""
    content: Mapping[str, Any] = _load("azure_operations.json")
    return content


def version() -> str:
    """Tell the day of the data, `YYYY-MM-DD`, for messages about what it does not know."""
    return str(operations()["date"])


@cache
def _in_letter_case() -> Mapping[str, str]:
    return {name.lower(): name for name in roles().operations}


def _of_plane(plane: str) -> Iterator[str]:
    for provider, names in operations()[plane].items():
        yield from (f"{provider}/{name}" for name in names.split())


def _load(name: str) -> Any:
    return json.loads((resources.files(__package__) / "data" / name).read_bytes())


_FURTHER_DATA: Final[Mapping[str, str]] = {
    "microsoft.servicebus": "namespaces/messages/send/action namespaces/messages/receive/action",
    "microsoft.eventhub": (
        "namespaces/messages/send/action namespaces/messages/receive/action namespaces/schemas/write "
        "namespaces/schemas/delete"
    ),
    "microsoft.keyvault": (
        "vaults/secrets/delete vaults/secrets/backup/action vaults/secrets/purge/action vaults/secrets/update/action "
        "vaults/secrets/recover/action vaults/secrets/restore/action vaults/keys/create/action "
        "vaults/keys/delete vaults/keys/import/action vaults/keys/recover/action vaults/keys/restore/action "
        "vaults/keys/purge/action vaults/keys/rotate/action vaults/certificates/create/action "
        "vaults/certificates/import/action vaults/certificates/update/action vaults/certificates/delete"
    ),
    "microsoft.storage": (
        "storageaccounts/blobservices/containers/blobs/filter/action "
        "storageaccounts/blobservices/containers/blobs/deleteblobversion/action "
        "storageaccounts/blobservices/containers/blobs/permanentdelete/action "
        "storageaccounts/blobservices/containers/blobs/manageownership/action "
        "storageaccounts/blobservices/containers/blobs/modifypermissions/action"
    ),
}
"""Operations on data that the data set names by wildcards only; source: Azure documentation, 'Azure permissions'."""

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
