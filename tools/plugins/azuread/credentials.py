"""Federated identity credentials of applications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nhi_components.core.errors import Problem
from tools.plugins.azuread.graph import Graph, GraphError
from tools.plugins.resource import PluginError, Properties, Resource

_APPLICATION = "applicationId"
_PREFIX = "/applications/"
_KIND = "federatedIdentityCredential"
_FIELDS = {"displayName": "name", "issuer": "issuer", "subject": "subject", "audiences": "audiences"}
_POLLS = 5
_LONGEST_NAME = 120


@dataclass(frozen=True, kw_only=True)
class Credential(Resource[Graph]):
    """A federated identity credential; those of one application are written one after the other."""

    @property
    def served(self) -> frozenset[str]:
        """All that there is."""
        return frozenset({_APPLICATION, "description", *_FIELDS})

    def problems(self, inputs: Properties) -> list[Problem]:
        """There is one audience, and a name of at most 120 characters; the application goes by its resource id."""
        wrong, audiences, name = [], inputs.get("audiences"), inputs.get("displayName")
        if isinstance(audiences, list) and len(audiences) != 1:
            wrong.append(Problem("audiences", f"{len(audiences)} of them", "exactly one", "name one"))
        if isinstance(name, str) and not 0 < len(name) <= _LONGEST_NAME:
            expected = f"1 to {_LONGEST_NAME}"
            wrong.append(Problem("displayName", f"{len(name)} characters", expected, "give another name"))
        application = inputs.get(_APPLICATION)
        if isinstance(application, str) and not application.startswith(_PREFIX):
            expected = f"{_PREFIX} and the application's object id"
            wrong.append(Problem(_APPLICATION, "a text of another form", expected, "give the application's id"))
        return super().problems(inputs) + wrong

    def foreseen(self, client: Graph, inputs: Properties) -> Properties:
        """Nothing beside the inputs."""
        return {}

    def create(self, client: Graph, inputs: Properties) -> tuple[str, Properties]:
        """Look at the application, add it, and look for it five times."""
        application = str(inputs[_APPLICATION]).removeprefix(_PREFIX)
        with client.lock(application):
            try:
                client.call("GET", f"/v1.0/applications/{application}")
            except GraphError as error:
                raise error.during(f"retrieving Application ({application})") from None
            path = f"/v1.0/applications/{application}/federatedIdentityCredentials"
            try:
                made = client.call("POST", path, body=_body(inputs))
            except GraphError as error:
                raise error.during(f"Adding federated identity credential for Application ({application})") from None
            resource_id = f"{application}/{_KIND}/{made['id']}"
            for _ in range(_POLLS):
                client.call("GET", _path(resource_id))
            return resource_id, self._found(client, resource_id)

    def read(self, client: Graph, resource_id: str, state: Properties) -> Properties | None:
        """Read it."""
        found = client.find(_path(resource_id))
        return None if found is None else _outputs(resource_id, found)

    def update(self, client: Graph, resource_id: str, olds: Properties, news: Properties) -> Properties:
        """Send all of it, and read it."""
        with client.lock(resource_id.split("/")[0]):
            try:
                client.call("PATCH", _path(resource_id), body=_body(news))
            except GraphError as error:
                raise error.during(f"Updating federated identity credential with ID {resource_id}") from None
            return self._found(client, resource_id)

    def delete(self, client: Graph, resource_id: str, state: Properties) -> None:
        """Remove it, and wait until it is gone."""
        with client.lock(resource_id.split("/")[0]):
            try:
                client.delete(_path(resource_id))
            except GraphError as error:
                raise error.during(f"Removing federated identity credential with ID {resource_id}") from None

    def _found(self, client: Graph, resource_id: str) -> Properties:
        found = self.read(client, resource_id, {})
        if found is None:
            raise PluginError(f"{resource_id} is not there, although it was just made or changed")
        return found


def _path(resource_id: str) -> str:
    application, _, credential = resource_id.split("/")
    return f"/v1.0/applications/{application}/federatedIdentityCredentials/{credential}"


def _body(inputs: Properties) -> dict[str, Any]:
    return {api: inputs[name] for name, api in _FIELDS.items()} | {"description": inputs.get("description") or ""}


def _outputs(resource_id: str, found: Mapping[str, Any]) -> dict[str, Any]:
    application, _, credential = resource_id.split("/")
    told = {name: found[api] for name, api in _FIELDS.items()}
    named = {_APPLICATION: f"{_PREFIX}{application}", "credentialId": credential}
    return {**told, **named, "description": found.get("description") or ""}


CREDENTIAL = Credential(
    token="azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential",  # noqa: S106 - a type
    replaces=frozenset({_APPLICATION, "displayName"}),
)
