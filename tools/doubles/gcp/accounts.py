"""IAM v1, `projects.serviceAccounts`: create, get, list, patch, disable, enable, delete."""

from __future__ import annotations

import re
from typing import Any

from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.names import Clock, new_etag, number_of, numeric_id, page_of
from tools.doubles.messages import Request
from tools.doubles.routes import route

_ACCOUNTS = "/v1/projects/{project}/serviceAccounts"
_ACCOUNT = _ACCOUNTS + "/{account}"
_ID = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_LONGEST_DESCRIPTION = 256


class Accounts:
    """Every service account of every project.

    Attributes:
        by_email: each, as the API shows it.
    """

    def __init__(self, now: Clock) -> None:
        self.by_email: dict[str, dict[str, Any]] = {}
        self._now = now

    def make(self, project: str, name: str, description: str = "") -> dict[str, Any]:
        """Make an account as a person would."""
        email = f"{name}@{project}.iam.gserviceaccount.com"
        if email in self.by_email:
            raise refuse("ALREADY_EXISTS", f"Service account {name} already exists within project projects/{project}.")
        if len(description.encode()) > _LONGEST_DESCRIPTION:
            raise refuse("INVALID_ARGUMENT", "The description is longer than 256 bytes.")
        unique = numeric_id(f"{email} {len(self.by_email)} {self._now()}")
        account = {
            "name": f"projects/{project}/serviceAccounts/{email}",
            "projectId": project,
            "uniqueId": unique,
            "email": email,
            "etag": new_etag().strip('"'),
            "oauth2ClientId": unique,
        }
        self.by_email[email] = account | ({"description": description} if description else {})
        return self.by_email[email]

    def find(self, account: str) -> dict[str, Any] | None:
        """Find one by e-mail address or unique id."""
        found = self.by_email.get(account)
        return found or next((each for each in self.by_email.values() if each["uniqueId"] == account), None)

    def of(self, request: Request) -> dict[str, Any]:
        """The account that a request is about; project `-` stands for the account's own."""
        account, project = self.find(request.params["account"]), request.params["project"]
        if account is None or project not in ("-", account["projectId"], number_of(account["projectId"])):
            raise refuse("NOT_FOUND", "Unknown service account")
        return account

    @route("POST", _ACCOUNTS, needs="iam.serviceAccounts.create")
    def create(self, request: Request) -> Any:
        asked = request.json()
        if not _ID.fullmatch(asked.get("accountId", "")):
            raise refuse("INVALID_ARGUMENT", "The account ID does not have a length between 6 and 30.")
        fields = asked.get("serviceAccount", {})
        made = self.make(request.params["project"], asked["accountId"], fields.get("description", ""))
        return made if "displayName" not in fields else made.setdefault("displayName", fields["displayName"]) and made

    @route("GET", _ACCOUNTS, needs="iam.serviceAccounts.list")
    def list(self, request: Request) -> Any:
        found = [each for each in self.by_email.values() if each["projectId"] == request.params["project"]]
        return page_of(found, "accounts", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("GET", _ACCOUNT, needs="iam.serviceAccounts.get")
    def get(self, request: Request) -> Any:
        return self.of(request)

    @route("PATCH", _ACCOUNT, needs="iam.serviceAccounts.update")
    def patch(self, request: Request) -> Any:
        account, asked = self.of(request), request.json()
        for name in asked.get("updateMask", "").split(","):
            if name not in ("description", "displayName"):
                raise refuse("INVALID_ARGUMENT", f"updateMask names {name}")
            account[name] = asked["serviceAccount"].get(name, "")
        return account

    @route("POST", _ACCOUNT + ":disable", needs="iam.serviceAccounts.disable")
    def disable(self, request: Request) -> Any:
        self.of(request)["disabled"] = True
        return {}

    @route("POST", _ACCOUNT + ":enable", needs="iam.serviceAccounts.enable")
    def enable(self, request: Request) -> Any:
        self.of(request).pop("disabled", None)
        return {}

    @route("DELETE", _ACCOUNT, needs="iam.serviceAccounts.delete")
    def delete(self, request: Request) -> Any:
        del self.by_email[self.of(request)["email"]]
        return {}
