"""Microsoft Graph, what stands beside service principals: owners, groups, and roles of applications.

Sources: Microsoft Graph reference, 'List owners', 'List servicePrincipal memberOf', 'List appRoleAssignments granted to
a service principal'; Microsoft Graph documentation, 'Limited information returned for inaccessible member objects'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import uuid4

from tools.doubles.azure import graph, passwords
from tools.doubles.azure.applications import Applications
from tools.doubles.azure.directory import Directory, Kind, Principal
from tools.doubles.azure.graph import READ
from tools.doubles.messages import Request
from tools.doubles.routes import route

PEOPLE: Final = "User.ReadBasic.All"
MICROSOFT_TENANT: Final = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
_PRINCIPAL = "/v1.0/servicePrincipals/{id}"
_TYPES = {Kind.USER: "user", Kind.GROUP: "group"}


class Relations:
    """Every relation.

    Attributes:
        groups: the object ids of the groups that a principal is in, by its own.
        app_roles: the roles of applications that a principal has, as Graph shows them, by its object id.
    """

    def __init__(
        self, applications: Applications, directory: Directory, url: str, sees_people: Callable[[Request], bool]
    ) -> None:
        self.groups: dict[str, list[str]] = {}
        self.app_roles: dict[str, list[dict[str, Any]]] = {}
        self._applications, self._directory, self._url, self._sees_people = applications, directory, url, sees_people
        applications.show_owners(self.owners)

    def microsofts(self, name: str, client: str, **roles: str) -> Principal:
        """Make the service principal of an application of Microsoft's own, with roles by their names."""
        shown = [{"id": id_, "value": value.replace("_", "."), "isEnabled": True} for value, id_ in roles.items()]
        facts = {"appOwnerOrganizationId": MICROSOFT_TENANT, "appRoles": shown}
        return self._directory.add(Kind.APPLICATION, name, client, **facts)

    def give(self, principal: Principal, resource: Principal, role: str) -> dict[str, Any]:
        """Give a principal a role of an application, by the role's id."""
        made = {
            "id": uuid4().hex,
            "appRoleId": role,
            "principalDisplayName": principal.name,
            "principalId": principal.object_id,
            "principalType": "ServicePrincipal",
            "resourceDisplayName": resource.name,
            "resourceId": resource.object_id,
        }
        self.app_roles.setdefault(principal.object_id, []).append(made)
        return made

    def owners(self, request: Request, id_: str) -> list[dict[str, Any]]:
        """Who owns an application or a service principal; people by their ids alone to whoever may not read them."""
        return [self.shown(request, each) for each in sorted(self._applications.owners.get(id_, ()))]

    def shown(self, request: Request, id_: str) -> dict[str, Any]:
        """A principal as an object of the directory."""
        found = self._directory.by_id[id_]
        kind = _TYPES.get(found.kind, "servicePrincipal")
        told: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{kind}", "id": id_}
        if found.kind is Kind.USER:
            seen = self._sees_people(request)
            address = f"{found.name}@example.com" if seen else None
            return told | {"displayName": found.name if seen else None, "userPrincipalName": address, "mail": address}
        return told | {"displayName": found.name if kind == "servicePrincipal" else None}

    def beside(self, request: Request) -> graph.Relations:
        """What a list of service principals can show beside each."""
        return {
            "owners": lambda each: self.owners(request, each["id"]),
            "memberOf": lambda each: self._above(request, each),
            "appRoleAssignments": lambda each: self.app_roles.get(each["id"], []),
        }

    @route("GET", _PRINCIPAL + "/memberOf", needs=READ)
    def member_of(self, request: Request) -> Any:
        return graph.page(self._above(request, self._of(request)), request, self._url)

    @route("GET", _PRINCIPAL + "/appRoleAssignments", needs=READ)
    def assigned(self, request: Request) -> Any:
        return graph.page(self.app_roles.get(self._of(request)["id"], []), request, self._url)

    def _above(self, request: Request, each: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [self.shown(request, group) for group in self.groups.get(each["id"], ())]

    def _of(self, request: Request) -> dict[str, Any]:
        found = self._directory.find(request.params["id"])
        if found is None:
            raise graph.absent(request.params["id"])
        return passwords.shown(found.facts)
