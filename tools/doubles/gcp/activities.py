"""Policy Analyzer v1, `activities.query`: on which day service accounts and their keys were last used, told late.

Days are those of Pacific time. Sources: Policy Analyzer API, REST reference
`projects.locations.activityTypes.activities.query`; Policy Intelligence, 'View recent usage for service accounts and
keys'. A moment of a use is given by the test: the double does not watch who calls it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tools.doubles.gcp.accounts import Accounts
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.keys import Keys
from tools.doubles.gcp.names import Clock, number_of, page_of, stamp
from tools.doubles.gcp.projects import Projects
from tools.doubles.messages import Request
from tools.doubles.routes import route

_TYPES = "/v1/projects/{project}/locations/{location}/activityTypes"
_OF_ACCOUNTS, _OF_KEYS = "serviceAccountLastAuthentication", "serviceAccountKeyLastAuthentication"
_MAY = "policyanalyzer.serviceAccount{}LastAuthenticationActivities.query"
_MOST = 1000
_PACIFIC = timedelta(hours=8)


class Activities:
    """When what was last used.

    Attributes:
        used: by unique id of an account, or id of a key, the moment of its last use.
        watched: for how long uses are remembered.
        lag: how late they are told.
    """

    def __init__(self, projects: Projects, accounts: Accounts, keys: Keys, now: Clock) -> None:
        self.used: dict[str, datetime] = {}
        self.watched, self.lag = timedelta(days=400), timedelta(days=2)
        self._projects, self._accounts, self._keys, self._now = projects, accounts, keys, now

    @route("GET", f"{_TYPES}/{_OF_ACCOUNTS}/activities:query", needs=_MAY.format(""))
    def of_accounts(self, request: Request) -> Any:
        return self._page(request, _OF_ACCOUNTS, "serviceAccount", self._of_accounts(request))

    @route("GET", f"{_TYPES}/{_OF_KEYS}/activities:query", needs=_MAY.format("Key"))
    def of_keys(self, request: Request) -> Any:
        return self._page(request, _OF_KEYS, "serviceAccountKey", self._of_keys(request))

    def _page(self, request: Request, type_: str, subject: str, found: Iterator[tuple[str, str, str]]) -> Any:
        if request.query.get("filter") or request.params["location"] != "global":
            raise refuse("INVALID_ARGUMENT", "the double tells all of a project, in the location global")
        size = min(int(request.query.get("pageSize") or _MOST), _MOST)
        told = [self._shown(type_, subject, *each) for each in found]
        return page_of(told, "activities", str(size), request.query.get("pageToken", ""))

    def _shown(self, type_: str, subject: str, name: str, unique_id: str, id_: str) -> dict[str, object]:
        now, used = self._now(), self.used.get(id_)
        end = _day(now - self.lag)
        known = used is not None and used < end
        last = {"lastAuthenticatedTime": stamp(_day(used), microseconds=False)} if used and known else {}
        number = number_of(name.split("/")[4])
        facts = {"serviceAccountId": unique_id, "projectNumber": number, "fullResourceName": name}
        start = stamp(end - self.watched, microseconds=False)
        return {
            "fullResourceName": name,
            "activityType": type_,
            "observationPeriod": {"startTime": start, "endTime": stamp(end, microseconds=False)},
            "activity": {**last, subject: facts},
        }

    def _of_accounts(self, request: Request) -> Iterator[tuple[str, str, str]]:
        for account in self._in(request):
            yield f"//iam.googleapis.com/{account['name']}", account["uniqueId"], account["uniqueId"]

    def _of_keys(self, request: Request) -> Iterator[tuple[str, str, str]]:
        for account in self._in(request):
            for id_ in self._keys.listed(account["email"]):
                yield f"//iam.googleapis.com/{account['name']}/keys/{id_}", account["uniqueId"], id_

    def _in(self, request: Request) -> list[dict[str, Any]]:
        project = self._projects.id_of(request.params["project"])
        return [each for each in self._accounts.by_email.values() if each["projectId"] == project]


def _day(moment: datetime) -> datetime:
    return (moment - _PACIFIC).replace(hour=0, minute=0, second=0, microsecond=0) + _PACIFIC
