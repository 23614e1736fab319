"""What an intent on Azure says besides: on what kind of resource it is granted, and which built-in roles come nearest.

Its actions are operations, which one custom role holds that is assigned at the resource. Where reading credentials is
the job, its action is a built-in role: a custom one would wait in the tenant for whoever assigns it more widely.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from nhi_components.core.azure_catalogue import roles
from nhi_components.core.azure_operation import documented
from nhi_components.core.azure_resource import ResourceKind, pattern_of
from nhi_components.core.intents import Intent, Shape

_GROUP: Final = "/subscriptions/0f8fad5b-d9cb-469f-a165-70867728950e/resourceGroups/shop-prod"
_COSMOS: Final = "Microsoft.DocumentDB/databaseAccounts"
_CONTAINERS: Final = f"{_COSMOS}/sqlDatabases/containers"
_COSMOS_ROLES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Cosmos DB Built-in Data Reader": (
            f"{_COSMOS}/readMetadata",
            f"{_CONTAINERS}/items/read",
            f"{_CONTAINERS}/executeQuery",
            f"{_CONTAINERS}/readChangeFeed",
        ),
        "Cosmos DB Built-in Data Contributor": (
            f"{_COSMOS}/readMetadata",
            f"{_CONTAINERS}/*",
            f"{_CONTAINERS}/items/*",
        ),
    }
)
"""What an account's own built-in roles permit. Source: Cosmos DB, 'Data plane role-based access control'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureIntent(Intent):
    """One job that an identity does on Azure.

    Attributes:
        kind: the kind of resource that it is granted on.
        nearest: the built-in roles that a person would take for the job, by their display names; several where it
            depends on how the resource is set up. Together they permit all of the intent.
    """

    kind: ResourceKind
    nearest: tuple[str, ...]


def named(kind: ResourceKind, example: str) -> Shape:
    """Describe the resource ids of one kind of resource, in whatever letter case.

    Args:
        kind: the kind.
        example: what follows the resource group in one id.
    """
    article = "an" if kind.value[0] in "aeiou" else "a"
    return Shape(
        f"the resource id of {article} {kind}, as its `id`", f"(?i:{pattern_of(kind)})", f"{_GROUP}/providers/{example}"
    )


def patterns_in(action: str) -> tuple[str, ...]:
    """Give the operations that a built-in role names, with wildcards; of an operation itself.

    Args:
        action: a role's display name, of Azure RBAC or of a Cosmos DB account's own, or an operation.
    """
    if action in _COSMOS_ROLES:
        return _COSMOS_ROLES[action]
    role = roles().find(action)
    if role is None:
        return (action,)
    return tuple(each for permission in role.permissions for each in (*permission.actions, *permission.data_actions))


@lru_cache(maxsize=256)
def operations_in(action: str) -> frozenset[str]:
    """Give the known operations that a built-in role permits, in lower case; of an operation itself.

    Args:
        action: as in `patterns_in`; of an account's own role, wildcards stand for operations on data alone. What a role
            takes out counts as permitted.
    """
    found = (pair for pattern in patterns_in(action) for pair in documented(pattern))
    return frozenset(name for name, data in found if data or action not in _COSMOS_ROLES)
