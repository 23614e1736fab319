"""Microsoft Graph, `roleManagement/directory`: the roles of the directory, and who has them.

Sources: Microsoft Graph reference, 'List unifiedRoleAssignments', 'Get unifiedRoleDefinition'.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from tools.doubles.azure import graph
from tools.doubles.azure.directory import Principal
from tools.doubles.azure.relations import Relations
from tools.doubles.messages import Request
from tools.doubles.routes import route

NEEDED: Final = "RoleManagement.Read.Directory"
_ROLES = "/v1.0/roleManagement/directory"


class DirectoryRoles:
    """Every role of the directory.

    Attributes:
        page_size: how many assignments an answer has at most.
    """

    def __init__(self, relations: Relations, url: str) -> None:
        self.page_size = 100
        self._relations, self._url = relations, url
        self._roles: dict[str, dict[str, Any]] = {}
        self._assigned: list[dict[str, Any]] = []

    def assign(self, principal: Principal, role: str, name: str, *actions: str, scope: str = "/") -> dict[str, Any]:
        """Give a principal a role, by its id, with what the role allows."""
        allowed = [{"allowedResourceActions": list(actions), "condition": None}]
        self._roles[role] = {"id": role, "displayName": name, "isBuiltIn": True, "rolePermissions": allowed}
        made = {
            "id": uuid4().hex,
            "principalId": principal.object_id,
            "roleDefinitionId": role,
            "directoryScopeId": scope,
        }
        self._assigned.append(made)
        return made

    @route("GET", _ROLES + "/roleAssignments", needs=NEEDED)
    def assignments(self, request: Request) -> Any:
        beside = {"principal": lambda each: [self._relations.shown(request, each["principalId"])]}
        answer = graph.page(self._assigned, request, self._url, self.page_size, beside)
        answer["value"] = [_single(each) for each in answer["value"]]
        return answer

    @route("GET", _ROLES + "/roleDefinitions/{id}", needs=NEEDED)
    def definition(self, request: Request) -> Any:
        found = self._roles.get(request.params["id"])
        if found is None:
            raise graph.absent(request.params["id"])
        return found


def _single(assignment: Any) -> dict[str, Any]:
    """A principal is one object, where other relations are lists."""
    return {**assignment, **({"principal": assignment["principal"][0]} if "principal" in assignment else {})}
