"""When service accounts and their keys were last used, as Policy Analyzer tells it.

It tells the day of the last call of a Google API, and between which moments it has looked: `observationPeriod`. What it
does not look at are calls by API keys that are bound to an account, and what is signed with a key for somebody else.
Sources: Policy Intelligence, 'View recent usage for service accounts and keys'; Policy Analyzer API, REST reference
`projects.locations.activityTypes.activities.query` (at most 1,000 a page).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from nhi_components.core.inventory.records import Use
from nhi_components.lifecycle.adapters.gcp.discovery_policy import ACCOUNT_USES, KEY_USES
from nhi_components.lifecycle.adapters.gcp.found_reads import Looks, Part, Told
from nhi_components.lifecycle.adapters.gcp.session import POLICY_ANALYZER
from nhi_components.lifecycle.discovery.ports import NotSeen, Page, Section

_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Activity:
    """What Policy Analyzer tells uses of.

    Attributes:
        type: its name of it.
        what: for people.
        permissions: which asking takes.
        subject: the field of an activity that says of what it is.
    """

    type: str
    what: str
    permissions: tuple[str, ...]
    subject: str


OF_ACCOUNTS: Final = Activity(
    "serviceAccountLastAuthentication", "when service accounts were last used", ACCOUNT_USES, "serviceAccount"
)
OF_KEYS: Final = Activity(
    "serviceAccountKeyLastAuthentication", "when keys were last used", KEY_USES, "serviceAccountKey"
)


class Uses:
    """The last uses in one project after another; a project's are kept while its accounts or keys are read."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._kept: dict[tuple[str, Activity], Mapping[str, Use]] = {}

    def section(self, name: str, project: str, activity: Activity) -> Section:
        """Make the section that tells whether uses can be seen; they stand on the pages of what was used."""

        def read(_: str | None) -> Page:
            self._part(project, activity, 1)
            return Page(())

        return Section(name, f"{activity.what} in {project}", activity.permissions, read)

    def of(self, project: str, activity: Activity, *, is_last: bool) -> Mapping[str, Use]:
        """Give the last uses in a project, by unique id of account or id of key; empty when they can't be seen.

        Args:
            project: where.
            activity: of what.
            is_last: no further page of the project's is to be read, so that they need not be kept.
        """
        key = (project, activity)
        if key not in self._kept:
            self._kept[key] = self._read(project, activity)
        return self._kept.pop(key) if is_last else self._kept[key]

    def _read(self, project: str, activity: Activity) -> Mapping[str, Use]:
        found: dict[str, Use] = {}
        cursor = None
        try:
            while True:
                part = self._part(project, activity, _AT_ONCE, cursor)
                found |= {_subject(told, activity): _use(told) for told in part.items}
                cursor = part.next
                if cursor is None:
                    return found
        except NotSeen:
            # Told by a section of its own; without it nothing counts as unused.
            return {}

    def _part(self, project: str, activity: Activity, most: int, cursor: str | None = None) -> Part:
        path = f"/v1/projects/{quote(project)}/locations/global/activityTypes/{activity.type}/activities:query"
        (needs,), query = activity.permissions, {"pageSize": str(most)}
        return self._looks.part(POLICY_ANALYZER, path, "activities", needs=needs, query=query, cursor=cursor)


def _subject(told: Told, activity: Activity) -> str:
    if activity is OF_KEYS:
        return str(told["fullResourceName"]).rpartition("/")[2]
    # An account that was made anew under the same address has another id.
    return str(told["activity"][activity.subject]["serviceAccountId"])


def _use(told: Told) -> Use:
    period, last = told.get("observationPeriod") or {}, told["activity"].get("lastAuthenticatedTime")
    return Use(_moment(last), _moment(period.get("startTime")), _moment(period.get("endTime")))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
