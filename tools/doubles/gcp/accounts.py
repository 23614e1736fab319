"""IAM v1, `projects.serviceAccounts`: create, get, list, patch, disable, enable, delete, undelete.

Sources: IAM documentation, 'Delete and undelete service accounts' (30 days, by unique id), 'Quotas and limits' (100
service accounts a project), REST reference `projects.serviceAccounts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.names import Clock, new_etag, number_of, numeric_id, page_of
from tools.doubles.gcp.projects import Projects
from tools.doubles.messages import Request
from tools.doubles.routes import route

RESTORABLE: Final = timedelta(days=30)

_ACCOUNTS = "/v1/projects/{project}/serviceAccounts"
_ACCOUNT = _ACCOUNTS + "/{account}"
_ID = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_ADDRESS = re.compile(r"[^@]+@([a-z0-9-]+)(?:\.([a-z0-9.-]+))?\.iam\.gserviceaccount\.com")
_LONGEST_DESCRIPTION = 256
_LONGEST_DISPLAY_NAME = 100


@dataclass(slots=True)
class Account:
    """One account, living or deleted.

    Attributes:
        facts: what the API shows of it.
        deleted: when it was deleted; None while it lives.
        turned: whether it was disabled, each time with the moment from which that counts.
    """

    facts: dict[str, Any]
    deleted: datetime | None = None
    turned: list[tuple[datetime, bool]] = field(default_factory=list)


class Accounts:
    """Every service account of every project.

    Attributes:
        by_email: each that lives, as the API shows it.
        by_unique_id: each that ever was.
        most: how many a project may have.
    """

    def __init__(self, projects: Projects, now: Clock, propagation: Callable[[], timedelta]) -> None:
        self.by_email: dict[str, dict[str, Any]] = {}
        self.by_unique_id: dict[str, Account] = {}
        self.most = 100
        self._projects, self._now, self._propagation = projects, now, propagation
        self._made = count()

    def make(self, project: str, name: str, description: str = "") -> dict[str, Any]:
        """Make an account as a person would."""
        self._projects.meet(f"projects/{project}")
        email = email_of(name, project)
        if email in self.by_email:
            raise refuse("ALREADY_EXISTS", f"Service account {name} already exists within project projects/{project}.")
        if len(description.encode()) > _LONGEST_DESCRIPTION:
            raise refuse("INVALID_ARGUMENT", "The description is longer than 256 bytes.")
        if len(self._of(project)) >= self.most:
            raise refuse("RESOURCE_EXHAUSTED", "Maximum number of service accounts on project reached.")
        return self._keep(project, email, description)

    def make_default(self, project: str) -> dict[str, Any]:
        """Make the default account of Compute Engine, as Google does when its API is enabled in a project."""
        self._projects.meet(f"projects/{project}")
        return self._keep(project, f"{number_of(project)}-compute@developer.gserviceaccount.com", "")

    def _keep(self, project: str, email: str, description: str) -> dict[str, Any]:
        unique = numeric_id(f"{email} {next(self._made)} {self._now()}")
        account = {
            "name": f"projects/{project}/serviceAccounts/{email}",
            "projectId": project,
            "uniqueId": unique,
            "email": email,
            "etag": new_etag().strip('"'),
            "oauth2ClientId": unique,
        }
        self.by_email[email] = account | ({"description": description} if description else {})
        self.by_unique_id[unique] = Account(self.by_email[email])
        return self.by_email[email]

    def find(self, account: str) -> dict[str, Any] | None:
        """Find one that lives, by e-mail address or unique id."""
        found = self.by_unique_id.get(account)
        if found is not None:
            return found.facts if found.deleted is None else None
        return self.by_email.get(account)

    def is_disabled(self, unique_id: str) -> bool:
        """Tell whether an account counts as disabled by now: some time after it was turned."""
        account = self.by_unique_id[unique_id]
        turned = [
            (datetime.min.replace(tzinfo=UTC), not account.turned and "disabled" in account.facts),
            *account.turned,
        ]
        return next(disabled for start, disabled in reversed(turned) if start <= self._now())

    def of(self, request: Request) -> dict[str, Any]:
        """The account that a request is about; project `-` stands for the account's own."""
        account, project = self.find(request.params["account"]), request.params["project"]
        if account is None or self._projects.id_of(project) not in ("-", account["projectId"]):
            raise refuse("NOT_FOUND", "Unknown service account")
        return account

    @route("POST", _ACCOUNTS, needs="iam.serviceAccounts.create")
    def create(self, request: Request) -> Any:
        asked = request.json()
        if not _ID.fullmatch(asked.get("accountId", "")):
            raise refuse("INVALID_ARGUMENT", "The account ID does not have a length between 6 and 30.")
        fields = asked.get("serviceAccount", {})
        if len(fields.get("displayName", "").encode()) > _LONGEST_DISPLAY_NAME:
            raise refuse("INVALID_ARGUMENT", "The display name is longer than 100 bytes.")
        project = self._projects.id_of(request.params["project"])
        made = self.make(project, asked["accountId"], fields.get("description", ""))
        return made if "displayName" not in fields else made.setdefault("displayName", fields["displayName"]) and made

    @route("GET", _ACCOUNTS, needs="iam.serviceAccounts.list")
    def list(self, request: Request) -> Any:
        found = self._of(request.params["project"])
        return page_of([*found], "accounts", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("GET", _ACCOUNT, needs="iam.serviceAccounts.get")
    def get(self, request: Request) -> Any:
        return self.of(request)

    @route("PATCH", _ACCOUNT, needs="iam.serviceAccounts.update")
    def patch(self, request: Request) -> Any:
        account, asked = self.of(request), request.json()
        for name in asked.get("updateMask", "").split(","):
            if name not in ("description", "displayName", "display_name"):
                raise refuse("INVALID_ARGUMENT", f"updateMask names {name}")
            field_ = "displayName" if name == "display_name" else name
            account[field_] = asked["serviceAccount"].get(field_, "")
        return account

    @route("POST", _ACCOUNT + ":disable", needs="iam.serviceAccounts.disable")
    def disable(self, request: Request) -> Any:
        account = self.of(request)
        account["disabled"] = True
        self._turn(account, disabled=True)
        return {}

    @route("POST", _ACCOUNT + ":enable", needs="iam.serviceAccounts.enable")
    def enable(self, request: Request) -> Any:
        account = self.of(request)
        account.pop("disabled", None)
        self._turn(account, disabled=False)
        return {}

    @route("DELETE", _ACCOUNT, needs="iam.serviceAccounts.delete")
    def delete(self, request: Request) -> Any:
        account = self.of(request)
        del self.by_email[account["email"]]
        self.by_unique_id[account["uniqueId"]].deleted = self._now()
        return {}

    @route("POST", _ACCOUNT + ":undelete", needs="iam.serviceAccounts.undelete")
    def undelete(self, request: Request) -> Any:
        account = self.by_unique_id.get(request.params["account"])
        if account is None or (account.deleted and self._now() >= account.deleted + RESTORABLE):
            raise refuse("NOT_FOUND", "Unknown service account")
        email = account.facts["email"]
        if account.deleted is None or email in self.by_email:
            raise refuse(
                "FAILED_PRECONDITION", f"Service account {email} exists, so none can be undeleted in its place."
            )
        account.deleted = None
        self.by_email[email] = account.facts
        return {"restoredAccount": account.facts}

    def _of(self, project: str) -> Sequence[dict[str, Any]]:
        id_ = self._projects.id_of(project)
        return [each for each in self.by_email.values() if each["projectId"] == id_]

    def _turn(self, account: dict[str, Any], *, disabled: bool) -> None:
        self.by_unique_id[account["uniqueId"]].turned.append((self._now() + self._propagation(), disabled))


def email_of(name: str, project: str) -> str:
    """The address of an account; a project that lies in a domain has its parts the other way round."""
    domain, _, own = project.rpartition(":")
    return f"{name}@{own}{f'.{domain}' if domain else ''}.iam.gserviceaccount.com"


def project_of(email: str) -> str:
    """The project of a service account of somebody's own; empty for another address."""
    found = _ADDRESS.fullmatch(email)
    return (f"{found[2]}:" if found[2] else "") + found[1] if found else ""
