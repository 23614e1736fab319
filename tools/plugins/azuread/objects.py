"""Applications and service principals: made under a stand-in for one property, which tells when they are replicated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from tools.plugins.azuread.graph import Graph, GraphError
from tools.plugins.resource import PluginError, Properties, Resource
from tools.plugins.sdk_types import resource_type

_OWNERS = "owners"
_FIRST_OWNERS = 19
"""So many beside the caller are named at once; the others are added one by one."""


@dataclass(frozen=True, kw_only=True)
class DirectoryObject(Resource[Graph]):
    """One type of object.

    Attributes:
        noun: what it is called in errors.
        folder: where it lies, such as `applications`.
        stand_in: the property that the creation gives a passing value.
        fields: by the SDK's name, that of the JSON; all are sent at each change, without a value as nothing.
        lists: those of `fields` that are sets, so that their order means nothing.
        flags: those of `fields` that are true or false.
        shown: further outputs, by the SDK's name, that of the JSON.
        local: the inputs that only steer what is called.
        prefix: of its id in the engine.
    """

    noun: str
    folder: str
    stand_in: str
    fields: Mapping[str, str]
    lists: frozenset[str]
    flags: frozenset[str]
    shown: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    local: frozenset[str] = frozenset()
    prefix: str = ""

    @property
    def served(self) -> frozenset[str]:
        """What is sent, who owns it, and what steers it."""
        return frozenset(self.fields) | {_OWNERS} | self.local

    def same(self, name: str, old: Any, new: Any, client: Graph) -> bool:
        """The order of a set means nothing."""
        return name in self.lists | {_OWNERS} and sorted(old) == sorted(new)

    def foreseen(self, client: Graph, inputs: Properties) -> Properties:
        """Nothing beside the inputs."""
        return {}

    def create(self, client: Graph, inputs: Properties) -> tuple[str, Properties]:
        """Make it, owned by the caller as well; patch it until it is there; take the caller's ownership away."""
        if taken := self.taken(client, inputs):
            return taken
        caller, wanted = client.caller, [each.lower() for each in inputs.get(_OWNERS) or ()]
        others = [each for each in wanted if each != caller]
        body = self.body(inputs) | {self.fields[self.stand_in]: f"TERRAFORM_UPDATE_{uuid4()}"}
        body["owners@odata.bind"] = [client.object_url(each) for each in (caller, *others[:_FIRST_OWNERS])]
        made = self._made(client, body)
        path = self._path(made)
        real = {self.fields[self.stand_in]: inputs.get(self.stand_in) or None}
        try:
            client.call("PATCH", path, body=real, retried={HTTPStatus.NOT_FOUND})
        except GraphError as error:
            raise error.during(f"Failed to patch {self.noun} after creating") from None
        self._change_owners(client, path, added=others[_FIRST_OWNERS:], removed=[] if caller in wanted else [caller])
        return self.prefix + made, self._found(client, made, inputs)

    def taken(self, client: Graph, inputs: Properties) -> tuple[str, Properties] | None:
        """Look for one that is there already; what it is taken over as, if that is asked for."""
        return None

    def read(self, client: Graph, resource_id: str, state: Properties) -> Properties | None:
        """Read it, and who owns it."""
        object_id = resource_id.removeprefix(self.prefix)
        found = client.find(self._path(object_id))
        if found is None:
            return None
        further = self.further(client, object_id)
        owners = client.call("GET", f"{self._path(object_id)}/owners").get("value") or ()
        return self.outputs(found | further, state) | {_OWNERS: [each["id"] for each in owners]}

    def further(self, client: Graph, object_id: str) -> dict[str, Any]:
        """Read what the API's stable version does not tell."""
        return {}

    def update(self, client: Graph, resource_id: str, olds: Properties, news: Properties) -> Properties:
        """Send all of it, and bring its owners to what they should be."""
        object_id = resource_id.removeprefix(self.prefix)
        path = self._path(object_id)
        try:
            client.call("PATCH", path, body=self.body(news, changed=True))
        except GraphError as error:
            raise error.during(f"Could not update {self.noun} with object ID {object_id}") from None
        wanted = [each.lower() for each in news.get(_OWNERS) or ()]
        if sorted(wanted) != sorted(olds.get(_OWNERS) or ()):
            there = [each["id"] for each in client.call("GET", f"{path}/owners").get("value") or ()]
            added, removed = [e for e in wanted if e not in there], [e for e in there if e not in wanted]
            self._change_owners(client, path, added=added, removed=removed)
        return self._found(client, object_id, news)

    def delete(self, client: Graph, resource_id: str, state: Properties) -> None:
        """Delete it, softly, and wait until it is gone; unlike for most resources, it is an error that it is gone."""
        object_id = resource_id.removeprefix(self.prefix)
        try:
            client.delete(self._path(object_id))
        except GraphError as error:
            raise error.during(f"Deleting {self.noun} with object ID {object_id}") from None

    def body(self, inputs: Properties, *, changed: bool = False) -> dict[str, Any]:
        """Write its inputs; what is not given is taken away."""
        return {
            api: inputs.get(name) or ([] if name in self.lists else False if name in self.flags else None)
            for name, api in self.fields.items()
            if not (changed and name in self.replaces)
        }

    def outputs(self, found: Mapping[str, Any], state: Properties) -> dict[str, Any]:
        """Read an answer as outputs; what it does not tell comes from the state."""
        known = resource_type(self.token).outputs
        told = {
            name: found.get(api) or ([] if name in self.lists else False if name in self.flags else "")
            for name, api in {**self.fields, **self.shown}.items()
            if name in known
        }
        return told | {name: state[name] for name in self.local if name in state}

    def _made(self, client: Graph, body: Mapping[str, Any]) -> str:
        try:
            return str(client.call("POST", f"/v1.0/{self.folder}", body=body)["id"])
        except GraphError as error:
            raise error.during(f"Could not create {self.noun}") from None

    def _path(self, object_id: str) -> str:
        return f"/v1.0/{self.folder}/{object_id}"

    def _change_owners(self, client: Graph, path: str, *, added: list[str], removed: list[str]) -> None:
        for each in added:
            client.call("POST", f"{path}/owners/$ref", body={"@odata.id": client.object_url(each)})
        for each in removed:
            client.call("DELETE", f"{path}/owners/{each}/$ref")

    def _found(self, client: Graph, object_id: str, state: Properties) -> Properties:
        found = self.read(client, self.prefix + object_id, state)
        if found is None:
            raise PluginError(f"{self.noun} {object_id} is not there, although it was just made or changed")
        return found


@dataclass(frozen=True, kw_only=True)
class _Application(DirectoryObject):
    def taken(self, client: Graph, inputs: Properties) -> tuple[str, Properties] | None:
        """Another one of the name is refused, where that is asked for."""
        if not inputs.get("preventDuplicateNames"):
            return None
        query = {"$filter": f"displayName eq '{inputs['displayName']}'"}
        for each in client.call("GET", "/v1.0/applications", query=query).get("value") or ():
            name, id_ = inputs["displayName"], each["id"]
            raise PluginError(f'`prevent_duplicate_names` was specified and an existing application "{name}" was found '
                              f"with object ID {id_}")  # fmt: skip
        return None


@dataclass(frozen=True, kw_only=True)
class _Principal(DirectoryObject):
    def taken(self, client: Graph, inputs: Properties) -> tuple[str, Properties] | None:
        """One that is there is taken over where that is asked for."""
        query = {"$filter": f"appId eq '{inputs['clientId']}'"}
        there = client.call("GET", "/v1.0/servicePrincipals", query=query).get("value") or ()
        for each in there:
            if not inputs.get("useExisting"):
                text = "already exists - to be managed via Terraform this resource needs to be imported into the State"
                raise PluginError(f'A resource with the ID "{each["id"]}" {text}')
            return str(each["id"]), self.update(client, str(each["id"]), {}, inputs)
        return None

    def further(self, client: Graph, object_id: str) -> dict[str, Any]:
        """One property is told by the beta alone."""
        return client.call("GET", f"/beta/servicePrincipals/{object_id}", query={"$select": "samlMetadataUrl"})

    def delete(self, client: Graph, resource_id: str, state: Properties) -> None:
        """One that was taken over may be gone already."""
        try:
            super().delete(client, resource_id, state)
        except GraphError:
            if not state.get("useExisting"):
                raise

    def outputs(self, found: Mapping[str, Any], state: Properties) -> dict[str, Any]:
        """Its names without the client id, which is always among them."""
        names = [each for each in found.get("servicePrincipalNames") or () if each != found.get("appId")]
        return super().outputs(found, state) | {"servicePrincipalNames": names}


APPLICATION = _Application(
    token="azuread:index/application:Application",  # noqa: S106 - a type
    noun="application",
    folder="applications",
    stand_in="displayName",
    fields={
        "displayName": "displayName",
        "description": "description",
        "fallbackPublicClientEnabled": "isFallbackPublicClient",
        "identifierUris": "identifierUris",
        "notes": "notes",
        "serviceManagementReference": "serviceManagementReference",
        "signInAudience": "signInAudience",
        "tags": "tags",
    },
    lists=frozenset({"identifierUris", "tags"}),
    flags=frozenset({"fallbackPublicClientEnabled"}),
    shown={
        "clientId": "appId",
        "objectId": "id",
        "disabledByMicrosoft": "disabledByMicrosoftStatus",
        "publisherDomain": "publisherDomain",
    },
    local=frozenset({"preventDuplicateNames"}),
    prefix="/applications/",
    filled_in=frozenset({"tags"}),
    defaults={"signInAudience": "AzureADMyOrg"},
)

PRINCIPAL = _Principal(
    token="azuread:index/servicePrincipal:ServicePrincipal",  # noqa: S106 - a type
    noun="service principal",
    folder="servicePrincipals",
    stand_in="description",
    fields={
        "clientId": "appId",
        "accountEnabled": "accountEnabled",
        "alternativeNames": "alternativeNames",
        "appRoleAssignmentRequired": "appRoleAssignmentRequired",
        "description": "description",
        "loginUrl": "loginUrl",
        "notes": "notes",
        "notificationEmailAddresses": "notificationEmailAddresses",
        "preferredSingleSignOnMode": "preferredSingleSignOnMode",
        "tags": "tags",
    },
    lists=frozenset({"alternativeNames", "notificationEmailAddresses", "tags"}),
    flags=frozenset({"accountEnabled", "appRoleAssignmentRequired"}),
    shown={
        "applicationTenantId": "appOwnerOrganizationId",
        "displayName": "displayName",
        "homepageUrl": "homepage",
        "logoutUrl": "logoutUrl",
        "objectId": "id",
        "samlMetadataUrl": "samlMetadataUrl",
        "signInAudience": "signInAudience",
        "type": "servicePrincipalType",
    },
    local=frozenset({"useExisting"}),
    replaces=frozenset({"clientId"}),
    filled_in=frozenset({"tags"}),
    defaults={"accountEnabled": True},
)
