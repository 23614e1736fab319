"""Microsoft Graph, the owners of applications and of their service principals.

Sources: Microsoft Graph reference, 'List owners', 'Add owner' and 'Remove owner' of an application and of a service
principal; 'servicePrincipal resource type' (beta) for `samlMetadataUrl`.
"""

from __future__ import annotations

from typing import Any

from tools.doubles.azure import errors, graph
from tools.doubles.azure.applications import Applications
from tools.doubles.azure.directory import Directory
from tools.doubles.azure.graph import READ, WRITE
from tools.doubles.azure.relations import Relations
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route

_APPLICATION = "/v1.0/applications/{id}/owners"
_PRINCIPAL = "/v1.0/servicePrincipals/{id}/owners"


class Owners:
    """Who owns what."""

    def __init__(self, applications: Applications, directory: Directory, relations: Relations, url: str) -> None:
        self._applications, self._directory = applications, directory
        self._relations, self._url = relations, url

    @route("GET", _APPLICATION, needs=READ)
    @route("GET", _PRINCIPAL, needs=READ)
    def listing(self, request: Request) -> Any:
        self._of(request)
        return graph.page(self._relations.owners(request, request.params["id"].lower()), request, self._url)

    @route("POST", _APPLICATION + "/$ref", needs=WRITE)
    @route("POST", _PRINCIPAL + "/$ref", needs=WRITE)
    def add(self, request: Request) -> Any:
        owner, owners = str(request.json().get("@odata.id", "")).rpartition("/")[2].lower(), self._of(request)
        if self._directory.find(owner) is None:
            raise graph.absent(owner)
        if owner in owners:
            text = "One or more added object references already exist for the following modified properties: 'owners'."
            raise graph.bad(text)
        owners.add(owner)
        return Answer(204)

    @route("DELETE", _APPLICATION + "/{owner}/$ref", needs=WRITE)
    @route("DELETE", _PRINCIPAL + "/{owner}/$ref", needs=WRITE)
    def remove(self, request: Request) -> Any:
        owner, owners = request.params["owner"].lower(), self._of(request)
        if owner not in owners:
            raise graph.absent(owner)
        owners.discard(owner)
        return Answer(204)

    @route("GET", "/beta/servicePrincipals/{id}", needs=READ)
    def beta(self, request: Request) -> Any:
        self._of(request)
        if request.query.get("$select") != "samlMetadataUrl":
            raise Refusal(errors.graph(404, "NotFound", "the double knows one property of the beta alone"))
        return {"samlMetadataUrl": None}

    def _of(self, request: Request) -> set[str]:
        id_ = request.params["id"].lower()
        if id_ not in self._applications.by_id and self._directory.find(id_) is None:
            raise graph.absent(id_)
        return self._applications.owners.setdefault(id_, set())
