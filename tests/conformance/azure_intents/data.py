"""Trials on containers of Cosmos DB."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.azure_intents.trial import Call, Trial, arm, lacking, ruling
from tests.conformance.azure_intents.world import OTHERS, OURS, VERSIONS, id_of, items

Calls = tuple[Call, ...]
_ACCOUNTS = "Microsoft.DocumentDB/databaseAccounts"
_CONTAINERS = f"{_ACCOUNTS}/sqlDatabases/containers"
_VERSION = VERSIONS["Microsoft.DocumentDB"]
_OURS = ("shop-prod", OURS)
_NEIGHBOURS = (("shop-prod", OTHERS), ("shop-else", OURS))
_QUERY = {"query": "SELECT * FROM c"}


def trials() -> Iterator[Trial]:
    jobs = {
        "read": ("read",),
        "query": ("read", "query", "feed"),
        "create": ("create",),
        "write": ("create", "replace", "upsert"),
        "delete": ("delete",),
    }
    for name, parts in jobs.items():
        others = (call for place in _NEIGHBOURS for call in (_metadata(*place), *_doing(parts, *place)))
        rest = tuple(part for part in ("read", "query", "feed", "create", "replace", "upsert", "delete"))
        yield Trial(
            f"cosmosdb.{name}_items",
            id_of(f"{_ACCOUNTS}/shop-prod/sqlDatabases/shop/containers/{OURS}"),
            may=(_metadata(*_OURS), *_doing(parts, *_OURS)),
            may_not=(*others, *_doing(tuple(each for each in rest if each not in parts), *_OURS), *_ruling()),
        )


def _metadata(account: str, container: str) -> Call:
    path, scope = items(account, container)
    return Call(f"{_ACCOUNTS}/readMetadata", scope, "GET", path)


def _doing(parts: tuple[str, ...], account: str, container: str) -> Calls:
    path, scope = items(account, container)
    documents, document = f"{path}/docs", f"{path}/docs/1"
    query, upsert = {"x-ms-documentdb-isquery": "True"}, {"x-ms-documentdb-is-upsert": "True"}
    calls = {
        "read": (Call(f"{_CONTAINERS}/items/read", scope, "GET", document),),
        "query": (
            Call(f"{_CONTAINERS}/executeQuery", scope, "POST", documents, _QUERY, query),
            Call(f"{_CONTAINERS}/executeQuery", scope, "GET", documents),
        ),
        "feed": (Call(f"{_CONTAINERS}/readChangeFeed", scope, "GET", documents, None, {"A-IM": "Incremental feed"}),),
        "create": (Call(f"{_CONTAINERS}/items/create", scope, "POST", documents, {"id": "2"}),),
        "replace": (Call(f"{_CONTAINERS}/items/replace", scope, "PUT", document, {"id": "1"}),),
        "upsert": (Call(f"{_CONTAINERS}/items/upsert", scope, "POST", documents, {"id": "1"}, upsert),),
        "delete": (Call(f"{_CONTAINERS}/items/delete", scope, "DELETE", document),),
    }
    return tuple(call for part in parts for call in calls[part])


def _ruling() -> Calls:
    account = id_of(f"{_ACCOUNTS}/shop-prod")
    database, container = f"{account}/sqlDatabases/shop", f"{account}/sqlDatabases/shop/containers/{OURS}"
    scope, guid = items(*_OURS)[1], "5c0c9d0f-1a3f-4b8e-8f0e-0c9d5c0c9d0f"
    none = "it knows neither stored procedures nor conflicts"
    keys = (("listKeys/action", "/listKeys"), ("readonlykeys/action", "/readonlykeys"))
    roles = (
        (f"{_ACCOUNTS}/{kind}", f"{account}/{kind}/{guid}") for kind in ("sqlRoleDefinitions", "sqlRoleAssignments")
    )
    return (
        Call(f"{_ACCOUNTS}/readMetadata", f"{account}/dbs/shop", "GET", "/cosmos/shop-prod/dbs/shop"),
        *(lacking(f"{_CONTAINERS}/{each}", scope, none) for each in ("executeStoredProcedure", "manageConflicts")),
        *ruling(_ACCOUNTS, account, _VERSION),
        *ruling(f"{_ACCOUNTS}/sqlDatabases", database, _VERSION),
        *ruling(_CONTAINERS, container, _VERSION),
        *(arm(f"{_ACCOUNTS}/{each}", "POST", account, _VERSION, {}, below=below) for each, below in keys),
        *(arm(f"{kind}/write", "PUT", one, _VERSION, {"properties": {}}) for kind, one in roles),
    )
