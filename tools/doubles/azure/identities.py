"""Microsoft.ManagedIdentity: user-assigned identities, and the federated credentials of each.

An identity that is deleted takes its service principal with it, for good: an identity made anew under the same name is
another principal. What was assigned to the old one stays assigned.
Sources: REST reference `User Assigned Identities`, `Federated Identity Credentials`; Microsoft Entra, 'Managed
identities for Azure resources', 'Manage user-assigned managed identities' (3 to 128 characters); the error of
concurrent writes: pulumi/pulumi-azure-native issue 4343.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

from tools.doubles.azure.arm import ArmType, answered, page
from tools.doubles.azure.calls import Call
from tools.doubles.azure.delayed import Clock
from tools.doubles.azure.directory import TENANT, Directory, Kind, Principal
from tools.doubles.azure.errors import arm
from tools.doubles.azure.federation import Federated, Federation, Wrong
from tools.doubles.azure.scopes import is_within, normalised
from tools.doubles.azure.subscriptions import GROUP, LOCATION, SUBSCRIPTION
from tools.doubles.azure.tags import judge_tags
from tools.doubles.messages import Answer

_TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}")


class Identities:
    """Every user-assigned managed identity.

    Attributes:
        by_id: each that lives by its resource id in small letters, as the API shows it.
        federation: the federated credentials of everybody.
        page_size: how many identities an answer has at most.
    """

    def __init__(
        self, directory: Directory, federation: Federation, now: Clock, arrived: Callable[[], datetime], url: str
    ) -> None:
        self.by_id: dict[str, dict[str, Any]] = {}
        self.federation = federation
        self.page_size = 100
        self._url = url
        self._directory, self._now, self._arrived = directory, now, arrived
        self._written: dict[str, datetime] = {}
        self._on_delete: list[Callable[[str], None]] = []

    def make(self, name: str, group: str = GROUP, subscription: str = SUBSCRIPTION, **tags: str) -> dict[str, Any]:
        """Make an identity as a person would."""
        scope = f"/subscriptions/{subscription}/resourceGroups/{group}"
        return self._make(f"{scope}/providers/{_TYPE}/{name}", name, LOCATION, tags)

    def principal_of(self, id_: str) -> Principal:
        """The service principal of an identity that lives, by its resource id."""
        return self._directory.by_id[self.by_id[normalised(id_)]["properties"]["principalId"]]

    def owner_of(self, client_id: str) -> str:
        """The resource id of the identity that has a client id; empty for none."""
        found = (each for each in self.by_id.values() if each["properties"]["clientId"] == client_id.lower())
        return next((str(each["id"]) for each in found), "")

    def when_deleted(self, told: Callable[[str], None]) -> None:
        """Have somebody told the id of each identity that is deleted."""
        self._on_delete.append(told)

    def remove(self, id_: str) -> None:
        """Delete an identity, its service principal and its federated credentials."""
        self._directory.delete(self.principal_of(id_), for_good=True)
        self.federation.remove_all(normalised(id_))
        del self.by_id[normalised(id_)]
        for told in self._on_delete:
            told(id_)

    def remove_within(self, scope: str) -> None:
        """Delete the identities of a resource group that is gone."""
        for key in [each for each in self.by_id if is_within(each, scope)]:
            self.remove(key)

    def types(self) -> Iterator[ArmType]:
        """The types that this is about."""
        verbs = {"GET": self._get, "LIST": self._list, "PUT": self._put, "PATCH": self._patch, "DELETE": self._delete}
        yield ArmType(_TYPE, verbs)
        credentials = {"GET": self._get_credential, "LIST": self._list_credentials}
        credentials |= {"PUT": self._put_credential, "DELETE": self._delete_credential}
        yield ArmType(f"{_TYPE}/federatedIdentityCredentials", credentials)

    def _make(self, id_: str, name: str, location: str, tags: dict[str, str]) -> dict[str, Any]:
        named = {"alternativeNames": ["isExplicit=True", id_]}
        principal = self._directory.add(Kind.MANAGED_IDENTITY, name, str(uuid4()), **named)
        properties = {"tenantId": TENANT, "principalId": principal.object_id, "clientId": principal.client_id}
        shown = {"location": location, "tags": tags, "id": id_, "name": name, "type": _TYPE, "properties": properties}
        self.by_id[normalised(id_)] = shown
        return shown

    def _get(self, call: Call) -> Any:
        return self._find(call, call.id)

    def _list(self, call: Call) -> Any:
        found = (each for each in self.by_id.values() if is_within(str(each["id"]), call.scope))
        return page(found, call.request, self._url, self.page_size)

    def _put(self, call: Call) -> Any:
        asked, present = call.json(), self.by_id.get(normalised(call.id))
        location = str(asked.get("location") or "").replace(" ", "").lower()
        judge_tags(asked.get("tags"))
        if not location:
            raise arm(400, "LocationRequired", "The location property is required for this definition.")
        if _NAME.fullmatch(call.name) is None:
            text = f"The resource name '{call.name}' must have 3 to 128 letters, digits, hyphens and underscores."
            raise arm(400, "InvalidResourceName", text)
        if present is None:
            return Answer(201, self._make(call.id, call.name, location, asked.get("tags") or {}))
        if present["location"] != location:
            text = (
                f"The resource '{call.name}' already exists in location '{present['location']}' in resource group "
                f"'{call.group}'. A resource with the same name cannot be created in location '{location}'. Please "
                "select a new resource name."
            )
            raise arm(409, "InvalidResourceLocation", text)
        present["tags"] = asked.get("tags") or {}
        return present

    def _patch(self, call: Call) -> Any:
        found, asked = self._find(call, call.id), call.json()
        judge_tags(asked.get("tags"))
        if "tags" in asked:
            found["tags"] = asked["tags"] or {}
        return found

    def _delete(self, call: Call) -> Any:
        if normalised(call.id) not in self.by_id:
            return Answer(204)
        self.remove(call.id)
        return Answer(200)

    def _get_credential(self, call: Call) -> Any:
        self._find(call, call.parent)
        found = self.federation.find(normalised(call.parent), call.name)
        if found is None:
            raise _absent(call, f"{_TYPE}/federatedIdentityCredentials", "/".join(call.names))
        return _shown(call.parent, found)

    def _list_credentials(self, call: Call) -> Any:
        self._find(call, call.id)
        return {"value": [_shown(call.id, each) for each in self.federation.of(normalised(call.id))]}

    def _put_credential(self, call: Call) -> Any:
        self._find(call, call.parent)
        self._refuse_concurrent(call)
        try:
            made, is_new = self.federation.put(normalised(call.parent), call.name, call.json().get("properties") or {})
        except Wrong as wrong:
            code = "Conflict" if wrong.is_conflict else "BadRequest"
            raise arm(409 if wrong.is_conflict else 400, code, str(wrong)) from None
        self._written[normalised(call.parent)] = self._now()
        return answered(_shown(call.parent, made), is_new=is_new)

    def _delete_credential(self, call: Call) -> Any:
        if normalised(call.parent) not in self.by_id:
            return Answer(204)
        self._refuse_concurrent(call)
        removed = self.federation.remove(normalised(call.parent), call.name)
        self._written[normalised(call.parent)] = self._now()
        return Answer(200 if removed else 204)

    def _refuse_concurrent(self, call: Call) -> None:
        """Refuse a write that came in before another one of the same identity was through."""
        last = self._written.get(normalised(call.parent))
        if last is not None and self._arrived() < last:
            text = (
                f"Too many Federated Identity Credentials are written concurrently for the managed identity "
                f"'{call.parent}'. Concurrent Federated Identity Credentials writes under the same managed identity "
                "are not supported."
            )
            raise arm(409, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity", text)

    def _find(self, call: Call, id_: str) -> dict[str, Any]:
        found = self.by_id.get(normalised(id_))
        if found is None:
            raise _absent(call, _TYPE, call.names[0])
        return found


def _shown(parent: str, credential: Federated) -> dict[str, Any]:
    kind = f"{_TYPE}/federatedIdentityCredentials"
    told = {name: value for name, value in credential.shown().items() if name in ("issuer", "subject", "audiences")}
    id_ = f"{parent}/federatedIdentityCredentials/{credential.name}"
    return {"id": id_, "name": credential.name, "type": kind, "properties": told}


def _absent(call: Call, type_: str, name: str) -> Exception:
    text = (
        f"The Resource '{type_}/{name}' under resource group '{call.group}' was not found. For more details please go "
        "to https://aka.ms/ARMResourceNotFoundFix"
    )
    return arm(404, "ResourceNotFound", text)
