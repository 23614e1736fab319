"""Microsoft Graph v1.0, `servicePrincipals` and `directory/deletedItems`.

A managed identity's service principal can be looked at, and nothing else: Azure Resource Manager makes and deletes it.
Sources: Microsoft Graph reference, 'servicePrincipal resource type', 'deletedItems' (30 days, restore, permanent
delete); Microsoft Entra, 'Managed identities for Azure resources', 'Recover from deletions'.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from tools.doubles.azure import errors, graph, passwords
from tools.doubles.azure.applications import Applications
from tools.doubles.azure.delayed import Clock
from tools.doubles.azure.directory import Directory, Kind, Principal
from tools.doubles.azure.graph import READ, WRITE
from tools.doubles.azure.relations import Relations
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route

_PRINCIPALS = "/v1.0/servicePrincipals"
_PRINCIPAL = _PRINCIPALS + "/{id}"
_DELETED = "/v1.0/directory/deletedItems"
_LONGEST_NOTES: Final = 1024
_SERVICES: Final = (Kind.APPLICATION, Kind.MANAGED_IDENTITY)
_FIELDS = frozenset(
    {
        "accountEnabled",
        "alternativeNames",
        "appRoleAssignmentRequired",
        "description",
        "displayName",
        "loginUrl",
        "notes",
        "notificationEmailAddresses",
        "preferredSingleSignOnMode",
        "tags",
    }
)


class ServicePrincipals:
    """Every service principal of the tenant, and what was deleted of them and of the applications."""

    def __init__(
        self, directory: Directory, applications: Applications, relations: Relations, url: str, now: Clock
    ) -> None:
        self._directory, self._applications, self._relations = directory, applications, relations
        self._url, self._now = url, now

    @route("POST", _PRINCIPALS, needs=WRITE)
    def create(self, request: Request) -> Any:
        asked = request.json()
        client = str(asked.pop("appId", "") or "").lower()
        fields, application = graph.known(asked, _FIELDS), self._applications.by_client(client)
        if application is None:
            text = f"The appId '{client}' of the service principal does not reference a valid application object."
            raise graph.bad(text)
        if self._directory.by_client(client) is not None:
            text = f"The service principal cannot be created: {client} is already in use."
            raise Refusal(errors.graph(409, "Request_MultipleObjectsWithSameKeyValue", text))
        _judge(fields)
        self._applications.judge_quota()
        made = self._directory.add(Kind.APPLICATION, application["displayName"], client, **fields)
        self._applications.owners[made.object_id] = graph.bound(request.json(), "owners")
        if (creator := self._directory.by_client(request.principal)) is not None:
            self._applications.owners[made.object_id].add(creator.object_id)
        return Answer(201, passwords.shown(made.facts))

    @route("GET", _PRINCIPALS, needs=READ)
    def listing(self, request: Request) -> Any:
        entries = (passwords.shown(each.facts) for each in self._directory if each.kind in _SERVICES)
        return graph.page(entries, request, self._url, self._applications.page_size, self._relations.beside(request))

    @route("GET", _PRINCIPAL, needs=READ)
    @route("GET", "/v1.0/servicePrincipals(appId='{client}')", needs=READ)
    def get(self, request: Request) -> Any:
        return passwords.shown(self._of(request).facts)

    @route("PATCH", _PRINCIPAL, needs=WRITE)
    def update(self, request: Request) -> Any:
        principal = self._changeable(request)
        fields = graph.known(request.json(), _FIELDS)
        _judge(fields)
        principal.facts |= fields
        return Answer(204)

    @route("DELETE", _PRINCIPAL, needs=WRITE)
    def delete(self, request: Request) -> Any:
        principal = self._changeable(request)
        self._directory.delete(principal)
        principal.facts["deletedDateTime"] = _stamp(principal.deleted)
        return Answer(204)

    @route("POST", _PRINCIPAL + "/addPassword", needs=WRITE)
    def add_password(self, request: Request) -> Any:
        return passwords.add_asked(self._changeable(request).facts, self._now(), request.json())

    @route("POST", _PRINCIPAL + "/removePassword", needs=WRITE)
    def remove_password(self, request: Request) -> Any:
        passwords.remove(self._changeable(request).facts, request.json().get("keyId"))
        return Answer(204)

    @route("GET", _DELETED + "/microsoft.graph.application", needs=READ)
    def deleted_applications(self, request: Request) -> Any:
        return graph.page(map(passwords.shown, self._applications.restorable().values()), request, self._url)

    @route("GET", _DELETED + "/microsoft.graph.servicePrincipal", needs=READ)
    def deleted_principals(self, request: Request) -> Any:
        return graph.page((_deleted(each) for each in self._directory.restorable()), request, self._url)

    @route("GET", _DELETED + "/{id}", needs=READ)
    def deleted(self, request: Request) -> Any:
        found = self._find_deleted(request)
        return _deleted(found) if isinstance(found, Principal) else passwords.shown(found)

    @route("POST", _DELETED + "/{id}/restore", needs=WRITE)
    def restore(self, request: Request) -> Any:
        found = self._find_deleted(request)
        if not isinstance(found, Principal):
            return passwords.shown(self._applications.restore(found["id"]))
        if self._directory.by_client(found.client_id) is not None:
            text = f"Another object with the same value for property appId already exists: {found.client_id}."
            raise Refusal(errors.graph(409, "Request_MultipleObjectsWithSameKeyValue", text))
        found.deleted, found.facts["deletedDateTime"] = None, None
        return passwords.shown(found.facts)

    @route("DELETE", _DELETED + "/{id}", needs=WRITE)
    def purge(self, request: Request) -> Any:
        found = self._find_deleted(request)
        if isinstance(found, Principal):
            found.is_gone = True
        else:
            del self._applications.deleted[found["id"]]
        return Answer(204)

    def _of(self, request: Request) -> Principal:
        told, client = request.params.get("id", ""), request.params.get("client", "")
        found = self._directory.find(told) or self._directory.by_client(client)
        if found is None or found.kind not in _SERVICES:
            raise graph.absent(told or client)
        return found

    def _changeable(self, request: Request) -> Principal:
        principal = self._of(request)
        if principal.kind is Kind.MANAGED_IDENTITY:
            text = "Insufficient privileges to complete the operation."
            raise Refusal(errors.graph(403, "Authorization_RequestDenied", text))
        return principal

    def _find_deleted(self, request: Request) -> Principal | dict[str, Any]:
        id_ = request.params["id"].lower()
        if (application := self._applications.restorable().get(id_)) is not None:
            return application
        principal = self._directory.by_id.get(id_)
        if principal is None or not self._directory.is_restorable(principal):
            raise graph.absent(id_)
        return principal


def _deleted(principal: Principal) -> dict[str, Any]:
    return {**passwords.shown(principal.facts), "deletedDateTime": _stamp(principal.deleted)}


def _judge(fields: dict[str, Any]) -> None:
    if len(fields.get("notes") or "") > _LONGEST_NOTES:
        raise graph.bad("Invalid value specified for property 'notes' of resource 'ServicePrincipal'.")


def _stamp(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
