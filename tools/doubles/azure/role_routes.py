"""Microsoft.Authorization: role assignments and role definitions, at any scope.

Sources: REST reference `Role Assignments` (filters: `atScope()`, `principalId eq`, `assignedTo()`), `Role Definitions`
(filters: `atScopeAndBelow()`, `type eq`, `roleName eq`); Azure RBAC documentation, 'Troubleshoot Azure RBAC'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tools.doubles.azure.arm import ArmType, answered, page
from tools.doubles.azure.calls import Call
from tools.doubles.azure.errors import arm
from tools.doubles.azure.rbac import Assignment, Rbac
from tools.doubles.azure.role_definitions import Role
from tools.doubles.azure.scopes import is_within, normalised, subscription_of
from tools.doubles.messages import Answer, Request

_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
_DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
_CLAUSE = re.compile(r"(?P<at>atScope\(\))|(?:principalId eq|assignedTo\() ?'(?P<principal>[^']*)'\)?")
_ROLE_CLAUSE = re.compile(r"(?P<at>atScopeAndBelow\(\))|(?P<field>type|roleName) eq '(?P<value>[^']*)'")


class RoleRoutes:
    """The calls about roles.

    Attributes:
        page_size: how many entries an answer has at most.
    """

    def __init__(self, rbac: Rbac, url: str, caller: Callable[[Request], str], exists: Callable[[str], str]) -> None:
        self.page_size = 100
        self._rbac, self._url, self._caller, self._exists = rbac, url, caller, exists

    def types(self) -> Iterator[ArmType]:
        """The types that this is about."""
        verbs = {"GET": self._get, "LIST": self._list, "PUT": self._put, "DELETE": self._delete}
        yield ArmType(_ASSIGNMENTS, verbs, is_extension=True)
        verbs = {"GET": self._get_role, "LIST": self._list_roles, "PUT": self._put_role, "DELETE": self._delete_role}
        yield ArmType(_DEFINITIONS, verbs, is_extension=True)

    def _get(self, call: Call) -> Any:
        found = self._rbac.assignments.written.get(normalised(call.id))
        if found is None:
            text = f"The role assignment '{call.name}' is not found."
            raise arm(404, "RoleAssignmentNotFound", text)
        return found.shown()

    def _put(self, call: Call) -> Any:
        if missing := self._exists(call.scope):
            raise arm(404, "ResourceNotFound", missing)
        properties = call.json().get("properties") or {}
        made, is_new = self._rbac.put(call.scope or "/", call.name, properties, self._caller(call.request))
        return answered(made.shown(), is_new=is_new)

    def _delete(self, call: Call) -> Any:
        removed = self._rbac.remove(call.id)
        return Answer(204) if removed is None else Answer(200, removed.shown())

    def _list(self, call: Call) -> Any:
        scope, wanted = call.scope or "/", call.request.query.get("$filter", "")
        at_scope, principal = False, ""
        for clause in filter(None, wanted.split(" and ")):
            found = _CLAUSE.fullmatch(clause.strip())
            if found is None:
                text = f"The filter '{wanted}' is not supported. Supported filters are 'atScope()', 'principalId eq'"
                raise arm(400, "UnsupportedQuery", f"{text} and 'assignedTo()'.")
            at_scope, principal = at_scope or bool(found["at"]), (found["principal"] or principal).lower()
        chosen = (
            each
            for each in self._rbac.assignments.written.values()
            if not principal or each.principal == principal
            if is_within(scope, each.scope) or (not at_scope and is_within(each.scope, scope))
        )
        return page((each.shown() for each in _sorted(chosen)), call.request, self._url, self.page_size)

    def _get_role(self, call: Call) -> Any:
        role = self._rbac.roles.find(call.name)
        if role is None:
            text = f"The specified role definition with ID '{call.name}' does not exist."
            raise arm(404, "RoleDefinitionDoesNotExist", text)
        return role.shown(call.scope)

    def _list_roles(self, call: Call) -> Any:
        roles: Iterable[Role] = self._rbac.roles.all()
        scope, below = call.scope or "/", False
        for clause in filter(None, call.request.query.get("$filter", "").split(" and ")):
            found = _ROLE_CLAUSE.fullmatch(clause.strip())
            if found is None:
                raise arm(400, "UnsupportedQuery", f"The filter '{clause}' is not supported.")
            below = below or bool(found["at"])
            if found["field"]:
                roles = [each for each in roles if _matches(each, found["field"], found["value"])]
        chosen = [each for each in roles if each.is_assignable(scope) or (below and _is_below(each, scope))]
        return {"value": [each.shown(call.scope) for each in chosen]}

    def _put_role(self, call: Call) -> Any:
        if missing := self._exists(call.scope):
            raise arm(404, "ResourceNotFound", missing)
        properties = call.json().get("properties") or {}
        for scope in properties.get("assignableScopes") or ():
            if subscription_of(str(scope)) and (missing := self._exists(str(scope))):
                raise arm(400, "InvalidAssignableScope", missing)
        # The API answers 201 whether the role was made or changed.
        return Answer(201, self._rbac.roles.put(call.name, properties)[0].shown(call.scope))

    def _delete_role(self, call: Call) -> Any:
        role = self._rbac.roles.find(call.name)
        if role is None:
            return Answer(204)
        if not role.is_custom:
            raise arm(400, "CannotDeleteBuiltInRole", "Built-in roles cannot be deleted.")
        if any(each.role == role.guid for each in self._rbac.assignments.written.values()):
            text = f"There are existing role assignments referencing role '{role.guid}'."
            raise arm(400, "RoleDefinitionHasAssignments", text)
        self._rbac.roles.custom.remove(role.guid)
        return Answer(200, role.shown(call.scope))


def _sorted(assignments: Iterable[Assignment]) -> list[Assignment]:
    # The order is nobody's promise.
    return sorted(assignments, key=lambda each: each.name)


def _matches(role: Role, field: str, value: str) -> bool:
    told = role.name if field == "roleName" else str(role.properties["type"])
    return told.lower() == value.lower()


def _is_below(role: Role, scope: str) -> bool:
    return any(is_within(str(each), scope) for each in role.properties["assignableScopes"])
