"""The data plane of Cosmos DB for NoSQL, below `/cosmos/<account>`: documents, judged by the account's own roles.

No client of Cosmos DB is installed here: the shapes are those of the REST reference, `Azure Cosmos DB REST API` (token
as `type=aad&ver=1.0&sig=…`, Create a Document, Query Documents); the actions are those of 'Data plane role-based access
control'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

from tools.doubles.azure.cosmos_roles import ACCOUNTS, CosmosRoles
from tools.doubles.azure.errors import cosmos
from tools.doubles.azure.gate import Gate
from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route

_CONTAINER = "/cosmos/{account}/dbs/{database}/colls/{container}"
_DOCUMENT = _CONTAINER + "/docs/{document}"
_ITEMS: Final = "sqlDatabases/containers/items"


class Cosmos:
    """What there is in the containers.

    Attributes:
        items: each document by the container's resource id in small letters and its own id.
    """

    def __init__(self, gate: Gate, roles: CosmosRoles) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self._gate, self._roles = gate, roles

    @route("GET", "/cosmos/{account}/")
    @route("GET", "/cosmos/{account}/dbs/{database}")
    @route("GET", _CONTAINER)
    def metadata(self, request: Request) -> Any:
        self._judge(request, "readMetadata")
        return {"id": request.params.get("container") or request.params.get("database") or request.params["account"]}

    @route("POST", _CONTAINER + "/docs")
    def write(self, request: Request) -> Any:
        headers = {name: value.lower() for name, value in request.headers.items()}
        if headers.get("x-ms-documentdb-isquery") == "true":
            self._judge(request, "sqlDatabases/containers/executeQuery")
            return self._listed(request)
        is_upsert = headers.get("x-ms-documentdb-is-upsert") == "true"
        self._judge(request, f"{_ITEMS}/{'upsert' if is_upsert else 'create'}")
        document = {"id": str(uuid4()), **request.json()}
        key = self._container(request), document["id"]
        if key in self.items and not is_upsert:
            raise cosmos(409, "Conflict", "Entity with the specified id already exists in the system.")
        self.items[key] = document
        return Answer(201, document)

    @route("GET", _CONTAINER + "/docs")
    def listing(self, request: Request) -> Any:
        is_feed = "a-im" in request.headers
        self._judge(request, f"sqlDatabases/containers/{'readChangeFeed' if is_feed else 'executeQuery'}")
        return self._listed(request)

    @route("GET", _DOCUMENT)
    def read(self, request: Request) -> Any:
        self._judge(request, f"{_ITEMS}/read")
        return self.items[self._key(request)]

    @route("PUT", _DOCUMENT)
    def replace(self, request: Request) -> Any:
        self._judge(request, f"{_ITEMS}/replace")
        self.items[self._key(request)] = request.json()
        return request.json()

    @route("DELETE", _DOCUMENT)
    def delete(self, request: Request) -> Any:
        self._judge(request, f"{_ITEMS}/delete")
        del self.items[self._key(request)]
        return Answer(204)

    def _listed(self, request: Request) -> dict[str, Any]:
        container = self._container(request)
        found = [each for (owner, _), each in self.items.items() if owner == container]
        return {"Documents": found, "_count": len(found)}

    def _key(self, request: Request) -> tuple[str, str]:
        key = self._container(request), request.params["document"]
        if key not in self.items:
            raise cosmos(404, "NotFound", "Entity with the specified id does not exist in the system.")
        return key

    def _container(self, request: Request) -> str:
        names = request.params
        id_ = f"{self._account(request)}/sqlDatabases/{names['database']}/containers/{names['container']}"
        if self._gate.resources.find(id_) is None:
            raise cosmos(404, "NotFound", "Owner resource does not exist.")
        return id_.lower()

    def _account(self, request: Request) -> str:
        found = self._gate.named(ACCOUNTS, request.params["account"])
        if found is None:
            raise cosmos(404, "NotFound", f"The account {request.params['account']} does not exist.")
        return str(found["id"])

    def _judge(self, request: Request, action: str) -> None:
        account, operation, names = self._account(request), f"{ACCOUNTS}/{action}", request.params
        scope = account + "".join(f"/{kind}/{names[name]}" for kind, name in _PARTS.items() if name in names)
        object_id = self._gate.object_id_of(request)
        # Azure's own roles count for nothing here; an operator needs none.
        may = self._gate.is_operator(request) and self._gate.holds(request, operation, scope, data=True)
        if may or (not self._gate.is_operator(request) and self._roles.permits(object_id, operation, account, scope)):
            return
        text = (
            f"Request blocked by Auth {names['account']} : Request is blocked because principal [{object_id}] does not "
            f"have required RBAC permissions to perform action [{operation}] on resource "
            f"[{scope.removeprefix(account)}]. Learn more: https://aka.ms/cosmos-native-rbac."
        )
        raise cosmos(403, "Forbidden", text)


_PARTS: Mapping[str, str] = {"dbs": "database", "colls": "container"}


def token_of(header: str) -> str:
    """The token in an authorization header as Cosmos DB takes it: `type=aad&ver=1.0&sig=…`, with escapes."""
    told = dict(parse_qsl(unquote(header)))
    return told.get("sig", "") if told.get("type") == "aad" else ""
