"""Intents on containers of Cosmos DB for NoSQL, granted by roles of the account's own, which Azure RBAC knows not of.

Source: Cosmos DB documentation, 'Data plane role-based access control' and 'Data plane security reference': every
client reads metadata first; clients of the SDKs take `readChangeFeed` beside `executeQuery` for queries.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.azure_intents.model import AzureIntent, named
from nhi_components.core.azure_resource import ResourceKind
from nhi_components.core.intents import Part

_ACCOUNTS: Final = "Microsoft.DocumentDB/databaseAccounts"
_OPERATIONS: Final = f"{_ACCOUNTS}/sqlDatabases/containers"
_CONTAINER: Final = named(ResourceKind.COSMOS_CONTAINER, f"{_ACCOUNTS}/shop-prod/sqlDatabases/shop/containers/orders")
_READER: Final = "Cosmos DB Built-in Data Reader"
_CONTRIBUTOR: Final = "Cosmos DB Built-in Data Contributor"
_ADMINISTRATION: Final = "no stored procedure be executed, and the container and the account's keys not be read."


def _on_items(name: str, operations: tuple[str, ...], nearest: str, purpose: str, excludes: str) -> AzureIntent:
    return AzureIntent(
        id=f"cosmosdb.{name}_items",
        purpose=f"{purpose} The metadata of the container is read, too.",
        excludes=f"{excludes} {_ADMINISTRATION}",
        target=_CONTAINER,
        parts=(Part((f"{_ACCOUNTS}/readMetadata", *(f"{_OPERATIONS}/{each}" for each in operations))),),
        kind=ResourceKind.COSMOS_CONTAINER,
        nearest=(nearest,),
    )


INTENTS: Final = (
    _on_items(
        "read",
        ("items/read",),
        _READER,
        "Read items of a container whose ids and partition keys are known.",
        "No item can be queried, listed or written, no change feed be read,",
    ),
    _on_items(
        "query",
        ("items/read", "executeQuery", "readChangeFeed"),
        _READER,
        "Read and query the items of a container, and read its change feed.",
        "No item can be written or deleted,",
    ),
    _on_items(
        "create",
        ("items/create",),
        _CONTRIBUTOR,
        "Create items in a container.",
        "No item that exists can be replaced, deleted, read or queried,",
    ),
    _on_items(
        "write",
        ("items/create", "items/replace", "items/upsert"),
        _CONTRIBUTOR,
        "Create, replace and upsert the items of a container.",
        "No item can be deleted, read or queried,",
    ),
    _on_items(
        "delete",
        ("items/delete",),
        _CONTRIBUTOR,
        "Delete items of a container whose ids and partition keys are known.",
        "No item can be written, read or queried,",
    ),
)
