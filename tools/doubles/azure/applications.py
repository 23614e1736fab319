"""Microsoft Graph v1.0, `applications`: kept, found, with their secrets and federated credentials, deleted softly.

Sources: Microsoft Graph reference, 'application resource type', 'Create application' (makes no service principal),
'Delete application' (kept for 30 days, its service principal as well); Microsoft Entra, 'Deletion and recovery of
applications FAQ' (quota of 250, deleted ones and service principals included).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from tools.doubles.azure import errors, graph, passwords
from tools.doubles.azure.delayed import Clock
from tools.doubles.azure.directory import RESTORABLE, Directory, Kind, Principal
from tools.doubles.azure.federation import Federation, Wrong
from tools.doubles.azure.graph import READ, WRITE
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route

__all__ = ["Applications", "Clock"]

_APPLICATIONS = "/v1.0/applications"
_APPLICATION = _APPLICATIONS + "/{id}"
_CREDENTIALS = _APPLICATION + "/federatedIdentityCredentials"
LONGEST_NAME: Final = 256
LONGEST_NOTES: Final = 1024
_FIELDS = frozenset(
    {
        "api",
        "appRoles",
        "description",
        "displayName",
        "groupMembershipClaims",
        "identifierUris",
        "isFallbackPublicClient",
        "notes",
        "optionalClaims",
        "publicClient",
        "requiredResourceAccess",
        "serviceManagementReference",
        "signInAudience",
        "spa",
        "tags",
        "web",
    }
)


class Applications:
    """Every application of the tenant.

    Attributes:
        by_id: each that lives by its object id; with the secrets' values, which no answer shows again.
        deleted: each that was deleted, by its object id, with the moment.
        owners: the object ids of who owns it, by the application's.
        page_size: how many of them an answer has at most.
        most: how many of them and of service principals there may be, those that can be restored among them.
    """

    def __init__(self, now: Clock, directory: Directory, federation: Federation, url: str) -> None:
        self.by_id: dict[str, dict[str, Any]] = {}
        self.deleted: dict[str, tuple[datetime, dict[str, Any]]] = {}
        self.owners: dict[str, set[str]] = {}
        self.most = 250
        self.page_size = 100
        self._now, self._directory, self._federation, self._url = now, directory, federation, url

    def make(self, name: str, **fields: Any) -> dict[str, Any]:
        """Make an application as a person would in the portal, which makes its service principal as well."""
        application = self._make(name, **fields)
        self._directory.add(Kind.APPLICATION, name, application["appId"])
        return application

    def principal_of(self, application: dict[str, Any]) -> Principal:
        """The service principal of an application.

        Raises:
            LookupError: when it has none.
        """
        found = self._directory.by_client(application["appId"])
        if found is None:
            raise LookupError(f"{application['displayName']} has no service principal")
        return found

    def add(self, application: dict[str, Any], name: str | None, ends: str | None = None) -> dict[str, Any]:
        """Add a secret; the answer is the only one that shows its value."""
        return passwords.add(application, self._now(), name, ends)

    def by_client(self, client: str) -> dict[str, Any] | None:
        """Find one that lives by its client id."""
        return next((each for each in self.by_id.values() if each["appId"] == client.lower()), None)

    def show_owners(self, shown: Callable[[Request, str], list[dict[str, Any]]]) -> None:
        """Say who owns an application, as the caller of a request sees it."""
        self._shown_owners = shown

    def judge_quota(self) -> None:
        """Refuse one more application or service principal where there are too many."""
        principals = [*self._directory, *self._directory.restorable()]
        number = sum(each.kind is Kind.APPLICATION for each in principals)
        if len(self.by_id) + len(self.restorable()) + number >= self.most:
            text = (
                "The directory object quota limit for the Principal has been exceeded. Please ask your administrator "
                "to increase the quota limit or delete objects to reduce the used quota."
            )
            raise Refusal(errors.graph(403, "Directory_QuotaExceeded", text))

    def remove(self, id_: str) -> None:
        """Delete one, and its service principal, both restorable for 30 days."""
        application = self.by_id.pop(id_)
        self.deleted[id_] = self._now(), application
        application["deletedDateTime"] = passwords.stamp(self._now())
        if (principal := self._directory.by_client(application["appId"])) is not None:
            self._directory.delete(principal)

    def restorable(self) -> dict[str, dict[str, Any]]:
        """Those that were deleted not more than 30 days ago."""
        now = self._now()
        return {id_: each for id_, (moment, each) in self.deleted.items() if now < moment + RESTORABLE}

    def restore(self, id_: str) -> dict[str, Any]:
        """Let a deleted one live again; its service principal is restored on its own."""
        application = self.deleted.pop(id_)[1]
        application["deletedDateTime"] = None
        self.by_id[id_] = application
        return application

    @route("POST", _APPLICATIONS, needs=WRITE)
    def create(self, request: Request) -> Any:
        asked = graph.known(request.json(), _FIELDS)
        _judge(asked)
        if not asked.get("displayName"):
            raise graph.bad("Property 'displayName' is required.")
        self.judge_quota()
        made = self._make(asked.pop("displayName"), **asked)
        self.owners[made["id"]] = graph.bound(request.json(), "owners")
        if (creator := self._directory.by_client(request.principal)) is not None:
            self.owners[made["id"]].add(creator.object_id)
        return Answer(201, passwords.shown(made))

    @route("GET", _APPLICATIONS, needs=READ)
    def listing(self, request: Request) -> Any:
        beside = {"owners": self._owners(request), "federatedIdentityCredentials": self._trusted}
        return graph.page(map(passwords.shown, self.by_id.values()), request, self._url, self.page_size, beside)

    @route("GET", _APPLICATION, needs=READ)
    @route("GET", "/v1.0/applications(appId='{client}')", needs=READ)
    def get(self, request: Request) -> Any:
        return passwords.shown(self._of(request))

    @route("PATCH", _APPLICATION, needs=WRITE)
    def update(self, request: Request) -> Any:
        application, asked = self._of(request), graph.known(request.json(), _FIELDS)
        _judge(asked)
        application |= asked
        return Answer(204)

    @route("DELETE", _APPLICATION, needs=WRITE)
    def delete(self, request: Request) -> Any:
        self.remove(self._of(request)["id"])
        return Answer(204)

    @route("POST", _APPLICATION + "/addPassword", needs=WRITE)
    def add_password(self, request: Request) -> Any:
        return passwords.add_asked(self._of(request), self._now(), request.json())

    @route("POST", _APPLICATION + "/removePassword", needs=WRITE)
    def remove_password(self, request: Request) -> Any:
        passwords.remove(self._of(request), request.json().get("keyId"))
        return Answer(204)

    @route("GET", _CREDENTIALS, needs=READ)
    def credentials(self, request: Request) -> Any:
        return {"value": [each.shown() for each in self._federation.of(self._of(request)["id"])]}

    @route("GET", _CREDENTIALS + "/{credential}", needs=READ)
    def credential(self, request: Request) -> Any:
        found = self._federation.find(self._of(request)["id"], request.params["credential"])
        if found is None:
            raise graph.absent(request.params["credential"])
        return found.shown()

    @route("POST", _CREDENTIALS, needs=WRITE)
    def add_credential(self, request: Request) -> Any:
        application, asked = self._of(request), request.json()
        if self._federation.find(application["id"], str(asked.get("name"))):
            text = f"FederatedIdentityCredential with name {asked['name']} already exists."
            raise Refusal(errors.graph(409, "Request_MultipleObjectsWithSameKeyValue", text))
        return Answer(201, self._put_credential(application, str(asked.get("name") or ""), asked))

    @route("PATCH", _CREDENTIALS + "/{credential}", needs=WRITE)
    def change_credential(self, request: Request) -> Any:
        application = self._of(request)
        found = self._federation.find(application["id"], request.params["credential"])
        if found is None:
            raise graph.absent(request.params["credential"])
        self._put_credential(application, found.name, {**found.shown(), **request.json()})
        return Answer(204)

    @route("DELETE", _CREDENTIALS + "/{credential}", needs=WRITE)
    def remove_credential(self, request: Request) -> Any:
        if self._federation.remove(self._of(request)["id"], request.params["credential"]) is None:
            raise graph.absent(request.params["credential"])
        return Answer(204)

    def _put_credential(self, application: dict[str, Any], name: str, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._federation.put(application["id"], name, asked)[0].shown()
        except Wrong as wrong:
            code = "Request_MultipleObjectsWithSameKeyValue" if wrong.is_conflict else "Request_BadRequest"
            raise Refusal(errors.graph(409 if wrong.is_conflict else 400, code, str(wrong))) from None

    def _owners(self, request: Request) -> Callable[[Mapping[str, Any]], list[dict[str, Any]]]:
        return lambda each: self._shown_owners(request, each["id"])

    def _trusted(self, each: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [credential.shown() for credential in self._federation.of(each["id"])]

    def _make(self, name: str, **fields: Any) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "id": str(uuid4()),
            "deletedDateTime": None,
            "appId": str(uuid4()),
            "createdDateTime": passwords.stamp(self._now()),
            "description": None,
            "displayName": name,
            "identifierUris": [],
            "notes": None,
            "signInAudience": "AzureADMyOrg",
            "tags": [],
        }
        application = {**facts, **fields, "keyCredentials": [], "passwordCredentials": []}
        self.by_id[application["id"]] = application
        return application

    def _of(self, request: Request) -> dict[str, Any]:
        told = request.params.get("id", "")
        application = self.by_id.get(told.lower()) or self.by_client(request.params.get("client", ""))
        if application is None:
            raise graph.absent(told or request.params.get("client", ""))
        return application


def _judge(asked: dict[str, Any]) -> None:
    for name, most in (("displayName", LONGEST_NAME), ("notes", LONGEST_NOTES)):
        if len(asked.get(name) or "") > most:
            raise graph.bad(f"Invalid value specified for property '{name}' of resource 'Application'.")
