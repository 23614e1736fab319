"""Cosmos DB's own roles: sqlRoleDefinitions and sqlRoleAssignments of an account, which are none of Azure RBAC's.

Sources: Cosmos DB, 'Data plane role-based access control' (built-in roles 1 and 2, actions, scopes `/dbs/D/colls/C`
below the account; 100 definitions and 2,000 assignments an account); REST reference `SQL Resources`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nhi_components.facts.azure.patterns import matches
from tools.doubles.azure.arm import ArmType
from tools.doubles.azure.calls import Call
from tools.doubles.azure.delayed import Delayed
from tools.doubles.azure.directory import Directory
from tools.doubles.azure.errors import arm
from tools.doubles.azure.operations import Operations
from tools.doubles.azure.resources import Resources
from tools.doubles.azure.role_definitions import GUID
from tools.doubles.azure.scopes import is_within, normalised
from tools.doubles.messages import Answer

ACCOUNTS: Final = "Microsoft.DocumentDB/databaseAccounts"
MOST_DEFINITIONS: Final = 100
MOST_ASSIGNMENTS: Final = 2000
_CONTAINERS = f"{ACCOUNTS}/sqlDatabases/containers"
_READS = (
    f"{ACCOUNTS}/readMetadata",
    f"{_CONTAINERS}/executeQuery",
    f"{_CONTAINERS}/readChangeFeed",
    f"{_CONTAINERS}/items/read",
)
_BUILT_IN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "00000000-0000-0000-0000-000000000001": ("Cosmos DB Built-in Data Reader", _READS),
    "00000000-0000-0000-0000-000000000002": (
        "Cosmos DB Built-in Data Contributor",
        (f"{ACCOUNTS}/readMetadata", f"{_CONTAINERS}/*", f"{_CONTAINERS}/items/*"),
    ),
}


@dataclass(frozen=True, slots=True)
class _Kept:
    """A definition or an assignment: its account's id in small letters, its resource id, and what the API shows."""

    account: str
    id: str
    properties: Mapping[str, Any]


class CosmosRoles:
    """The roles of every account."""

    def __init__(
        self, resources: Resources, directory: Directory, operations: Operations, make: Callable[[], Delayed[_Kept]]
    ) -> None:
        self.definitions, self.assignments = make(), make()
        self._resources, self._directory, self._operations = resources, directory, operations

    def permits(self, object_id: str, action: str, account: str, scope: str) -> bool:
        """Tell whether a principal may do something in an account.

        Args:
            object_id: the principal's.
            action: such as `Microsoft.DocumentDB/databaseAccounts/readMetadata`.
            account: the account's resource id.
            scope: what it is about: the account's id, with `/dbs/D` and `/colls/C` behind it.
        """
        wanted = action.lower()
        return any(
            any(matches(each, wanted) for each in self._actions(account, str(kept.properties["roleDefinitionId"])))
            for kept in self.assignments.all_counting()
            if kept.account == normalised(account) and kept.properties["principalId"] == object_id
            if is_within(scope, str(kept.properties["scope"]))
        )

    def forget(self, scope: str) -> None:
        """Forget the roles of an account that is gone."""
        for kept in (self.definitions, self.assignments):
            for key, each in list(kept.written.items()):
                if is_within(each.account, scope):
                    kept.remove(key)

    def types(self) -> Iterator[ArmType]:
        """The types that this is about."""
        for name, kept, put, delete in (
            ("sqlRoleDefinitions", self.definitions, self._put_definition, self._delete_definition),
            ("sqlRoleAssignments", self.assignments, self._put_assignment, self._delete),
        ):
            verbs = {"PUT": put, "DELETE": delete}
            yield ArmType(f"{ACCOUNTS}/{name}", verbs | {"GET": self._getter(kept), "LIST": self._lister(kept)})

    def _actions(self, account: str, definition: str) -> tuple[str, ...]:
        guid = definition.rpartition("/")[2].lower()
        if guid in _BUILT_IN:
            return _BUILT_IN[guid][1]
        kept = self.definitions.counting(f"{normalised(account)}/sqlroledefinitions/{guid}")
        if kept is None:
            return ()
        return tuple(str(each) for block in kept.properties["permissions"] for each in block.get("dataActions") or ())

    def _getter(self, kept: Delayed[_Kept]) -> Callable[[Call], Any]:
        def get(call: Call) -> Any:
            built_in = _built_in(call.parent, call.name) if kept is self.definitions else None
            found = built_in or kept.written.get(normalised(call.id))
            if found is None:
                raise arm(404, "NotFound", f"The requested resource '{call.name}' does not exist.")
            return _shown(found)

        return get

    def _lister(self, kept: Delayed[_Kept]) -> Callable[[Call], Any]:
        def list_(call: Call) -> Any:
            own = [each for each in kept.written.values() if each.account == normalised(call.id)]
            given = [_built_in(call.id, guid) for guid in _BUILT_IN] if kept is self.definitions else []
            return {"value": [_shown(each) for each in [*filter(None, given), *own]]}

        return list_

    def _put_definition(self, call: Call) -> Any:
        self._judge_place(call)
        asked = call.json().get("properties") or {}
        name, scopes = asked.get("roleName"), [str(each) for each in asked.get("assignableScopes") or ()]
        if call.name.lower() in _BUILT_IN:
            raise arm(400, "BadRequest", "Built-in role definitions cannot be changed.")
        if not name or not scopes or not all(is_within(each, call.parent) for each in scopes):
            raise arm(400, "BadRequest", "A role definition needs a roleName, and assignableScopes in its account.")
        blocks = asked.get("permissions") or []
        actions = [str(each) for block in blocks for each in block.get("dataActions") or ()]
        if not actions or not all(each.startswith(f"{ACCOUNTS}/") for each in actions):
            raise arm(400, "BadRequest", "The role definition has data actions that are not valid.")
        own = [each for each in self.definitions.written.values() if each.account == normalised(call.parent)]
        others = [each for each in own if normalised(each.id) != normalised(call.id)]
        if any(each.properties["roleName"] == name for each in others):
            raise arm(409, "Conflict", f"A role definition with the name '{name}' already exists.")
        if len(others) >= MOST_DEFINITIONS:
            raise arm(400, "BadRequest", f"There are {MOST_DEFINITIONS} role definitions already.")
        properties = {"roleName": name, "type": "CustomRole", "assignableScopes": scopes, "permissions": blocks}
        return self._begin(call, self.definitions, properties)

    def _put_assignment(self, call: Call) -> Any:
        self._judge_place(call)
        asked = call.json().get("properties") or {}
        scope, principal = str(asked.get("scope") or ""), str(asked.get("principalId") or "")
        if not is_within(scope, call.parent):
            raise arm(400, "BadRequest", f"The scope '{scope}' is not in the account '{call.parent}'.")
        if not self._actions(call.parent, str(asked.get("roleDefinitionId"))):
            raise arm(404, "NotFound", f"The role definition '{asked.get('roleDefinitionId')}' does not exist.")
        present = self.assignments.written.get(normalised(call.id))
        if present is None and self._directory.find(principal) is None:
            text = f"The provided principal ID [{principal}] was not found in the AAD tenant(s)"
            raise arm(400, "BadRequest", f"{text} which are associated with the customer's subscription.")
        if present is not None and (present.properties["principalId"], present.properties["scope"]) != (
            principal,
            scope,
        ):
            raise arm(400, "BadRequest", "Principal and scope of a role assignment cannot be changed.")
        own = [each for each in self.assignments.written.values() if each.account == normalised(call.parent)]
        if present is None and len(own) >= MOST_ASSIGNMENTS:
            raise arm(400, "BadRequest", f"There are {MOST_ASSIGNMENTS} role assignments already.")
        properties = {"roleDefinitionId": asked["roleDefinitionId"], "principalId": principal, "scope": scope}
        return self._begin(call, self.assignments, properties)

    def _delete_definition(self, call: Call) -> Any:
        used = (str(each.properties["roleDefinitionId"]) for each in self.assignments.written.values())
        if normalised(call.id) in map(normalised, used):
            raise arm(400, "BadRequest", "A role definition that is assigned cannot be deleted.")
        return self._delete(call)

    def _delete(self, call: Call) -> Any:
        for kept in (self.definitions, self.assignments):
            if normalised(call.id) in kept.written:
                return self._operations.begin(call, finish=lambda kept=kept: kept.remove(normalised(call.id)))  # type: ignore[misc] # what is removed is nobody's
        return Answer(204)

    def _begin(self, call: Call, kept: Delayed[_Kept], properties: Mapping[str, Any]) -> Answer:
        made = _Kept(normalised(call.parent), call.id, properties)
        finish = lambda: kept.put(normalised(call.id), made)  # noqa: E731 - it is handed on
        return self._operations.begin(call, finish=finish, result=lambda: _shown(made))

    def _judge_place(self, call: Call) -> None:
        if self._resources.find(call.parent) is None:
            raise arm(404, "ParentResourceNotFound", f"The account '{call.parent}' could not be found.")
        if GUID.fullmatch(call.name.lower()) is None:
            raise arm(400, "BadRequest", f"The id '{call.name}' is not valid. It must be a GUID.")


def _built_in(account: str, guid: str) -> _Kept | None:
    if guid.lower() not in _BUILT_IN:
        return None
    name, actions = _BUILT_IN[guid.lower()]
    properties = {"roleName": name, "type": "BuiltInRole", "assignableScopes": [account]}
    id_ = f"{account}/sqlRoleDefinitions/{guid}"
    return _Kept(normalised(account), id_, properties | {"permissions": [{"dataActions": list(actions)}]})


def _shown(kept: _Kept) -> dict[str, Any]:
    kind, name = kept.id.split("/")[-2:]
    return {"id": kept.id, "name": name, "type": f"{ACCOUNTS}/{kind}", "properties": dict(kept.properties)}
