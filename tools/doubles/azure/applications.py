"""Microsoft Graph v1.0, `applications`: create, get, list by tag, update, delete, addPassword, removePassword."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tools.doubles.azure import errors
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route

Clock = Callable[[], datetime]

_APPLICATIONS = "/v1.0/applications"
_APPLICATION = _APPLICATIONS + "/{id}"
_READ, _WRITE = "Application.Read.All", "Application.ReadWrite.OwnedBy"
_BY_TAG = re.compile(r"tags/any\((\w):\s*\1 eq '([^']*)'\)")
_TWO_YEARS = timedelta(days=730)


class Applications:
    """Every application of the tenant.

    Attributes:
        by_id: each by its object id; with the secrets' values, which no answer shows again.
    """

    def __init__(self, now: Clock) -> None:
        self.by_id: dict[str, dict[str, Any]] = {}
        self._now = now

    def make(self, name: str, **fields: Any) -> dict[str, Any]:
        """Make an application as a person would."""
        facts: dict[str, Any] = {
            "id": str(uuid4()),
            "appId": str(uuid4()),
            "displayName": name,
            "notes": None,
            "tags": [],
        }
        application = {**facts, **fields, "passwordCredentials": []}
        self.by_id[application["id"]] = application
        return application

    def add(self, application: dict[str, Any], name: str | None, ends: str | None = None) -> dict[str, Any]:
        """Add a secret; the answer is the only one that shows its value."""
        now, value = self._now(), secrets.token_urlsafe(30)
        credential = {
            "customKeyIdentifier": None,
            "displayName": name,
            "keyId": str(uuid4()),
            "hint": value[:3],
            "secretText": value,
            "startDateTime": _stamp(now),
            "endDateTime": ends or _stamp(now + _TWO_YEARS),
        }
        application["passwordCredentials"].append(credential)
        return credential

    def by_client(self, client: str) -> dict[str, Any] | None:
        """Find one by its client id."""
        return next((each for each in self.by_id.values() if each["appId"] == client), None)

    @route("POST", _APPLICATIONS, needs=_WRITE)
    def create(self, request: Request) -> Any:
        asked = request.json()
        allowed = {name: asked[name] for name in ("notes", "tags") if name in asked}
        return Answer(201, _shown(self.make(asked["displayName"], **allowed)))

    @route("GET", _APPLICATIONS, needs=_READ)
    def listing(self, request: Request) -> Any:
        wanted = request.query.get("$filter", "")
        match = _BY_TAG.fullmatch(wanted)
        if wanted and match is None:
            raise Refusal(errors.graph(400, "Request_UnsupportedQuery", f"the double knows no filter {wanted!r}"))
        found = [each for each in self.by_id.values() if match is None or match[2] in each["tags"]]
        return {"value": [_shown(each) for each in found]}

    @route("GET", _APPLICATION, needs=_READ)
    def get(self, request: Request) -> Any:
        return _shown(self._of(request))

    @route("PATCH", _APPLICATION, needs=_WRITE)
    def update(self, request: Request) -> Any:
        application, asked = self._of(request), request.json()
        application |= {name: asked[name] for name in ("displayName", "notes", "tags") if name in asked}
        return Answer(204)

    @route("DELETE", _APPLICATION, needs=_WRITE)
    def delete(self, request: Request) -> Any:
        del self.by_id[self._of(request)["id"]]
        return Answer(204)

    @route("POST", _APPLICATION + "/addPassword", needs=_WRITE)
    def add_password(self, request: Request) -> Any:
        asked = request.json().get("passwordCredential", {})
        ends = asked.get("endDateTime")
        if ends and datetime.fromisoformat(ends) <= self._now():
            raise Refusal(errors.graph(400, "Request_BadRequest", "The end date of a credential has passed."))
        return self.add(self._of(request), asked.get("displayName"), ends)

    @route("POST", _APPLICATION + "/removePassword", needs=_WRITE)
    def remove_password(self, request: Request) -> Any:
        application, key_id = self._of(request), request.json().get("keyId")
        kept = [each for each in application["passwordCredentials"] if each["keyId"] != key_id]
        if len(kept) == len(application["passwordCredentials"]):
            raise Refusal(
                errors.graph(400, "Request_BadRequest", f"No password credential found with keyId '{key_id}'.")
            )
        application["passwordCredentials"] = kept
        return Answer(204)

    def _of(self, request: Request) -> dict[str, Any]:
        application = self.by_id.get(request.params["id"])
        if application is None:
            message = f"Resource '{request.params['id']}' does not exist."
            raise Refusal(errors.graph(404, "Request_ResourceNotFound", message))
        return application


def _shown(application: dict[str, Any]) -> dict[str, Any]:
    hidden = [{**each, "secretText": None} for each in application["passwordCredentials"]]
    return {**application, "passwordCredentials": hidden}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
