"""Asking Cloud Logging what has happened in the projects of one connection.

Sources: Cloud Logging API, REST reference `entries.list` (at most 100 resource names, 1,000 entries a page); Cloud
Logging, 'Quotas and limits' (60 calls a minute in each project).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from nhi_components.core.connection import GcpConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.gcp.discovery_policy import PROJECTS
from nhi_components.lifecycle.adapters.gcp.errors import Denied, Throttled
from nhi_components.lifecycle.adapters.gcp.events import told
from nhi_components.lifecycle.adapters.gcp.session import RESOURCE_MANAGER, GcpSession
from nhi_components.lifecycle.discovery.ports import Busy, NotSeen
from nhi_components.lifecycle.events.ports import NOT_UNDERSTOOD, Batch, Event, Told, Unreadable, together

PERMISSIONS: Final = ("logging.logEntries.list", *PROJECTS)
"""What asking takes; the second one only for a connection that names no projects."""
LATE: Final = timedelta(minutes=15)
"""How far behind what was read is read again: our own figure, as Google names none."""

_LOGGING: Final = "logging"
_AT_ONCE: Final = 1000
_PROJECTS_AT_ONCE: Final = 100


class AuditLog:
    """What the projects of one connection tell of themselves.

    Args:
        connection: its name.
        settings: how they are reached; `projects` are those that are asked, without any all that can be listed.
        place: tells what discovery calls them.
        clock: tells the time.
    """

    def __init__(
        self, connection: str, settings: GcpConnection, place: Callable[[], str], clock: Callable[[], datetime]
    ) -> None:
        self._connection, self._named = connection, settings.projects
        self._session = GcpSession(connection, settings)
        self._place, self._clock = place, clock

    @property
    def name(self) -> str:
        """By which its cursor is kept."""
        return f"audit-log gcp.{self._connection}"

    def read(self, cursor: str | None, since: datetime) -> Iterable[Batch]:
        """Yield what happened, a page of some projects at a time; a cursor is the time that is read up to."""
        now, place = self._clock(), self._place()
        begin = max(datetime.fromisoformat(cursor) if cursor else since, since) - LATE
        projects = list(self._named) or self._listed()
        for at in range(0, len(projects), _PROJECTS_AT_ONCE):
            for page in self._pages(projects[at : at + _PROJECTS_AT_ONCE], begin):
                yield Batch(together(_read(each, place, now) for each in page))
        yield Batch(Told(), now.astimezone(UTC).isoformat())

    def _listed(self) -> list[str]:
        with _refusals(self._connection):
            found = self._session.pages(RESOURCE_MANAGER, "/v3/projects:search", "projects", needs=PROJECTS[0])
            return [str(each["projectId"]) for each in found if each.get("state", "ACTIVE") == "ACTIVE"]

    def _pages(self, projects: Sequence[str], begin: datetime) -> Iterator[Sequence[Mapping[str, Any]]]:
        after = f'timestamp>="{begin.astimezone(UTC).isoformat()}"'
        body: dict[str, Any] = {
            "resourceNames": [f"projects/{project}" for project in projects],
            "filter": f'LOG_ID("cloudaudit.googleapis.com/activity") AND {after}',
            "orderBy": "timestamp asc",
            "pageSize": _AT_ONCE,
        }
        while True:
            with _refusals(self._connection):
                answer = self._session.ask("POST", _LOGGING, "/v2/entries:list", needs=PERMISSIONS[0], body=body).body
            yield answer.get("entries", [])
            if not answer.get("nextPageToken"):
                return
            body = {**body, "pageToken": answer["nextPageToken"]}


def _read(entry: Mapping[str, Any], place: str, now: datetime) -> Told:
    try:
        return told(entry, place)
    except Unreadable:
        # Nobody knows what it says, so that everything is stale.
        itself = f"{entry.get('logName')} {entry.get('timestamp')} {entry.get('insertId')}"
        return Told((Event(System.GCP, place, itself, now, NOT_UNDERSTOOD),))


@contextmanager
def _refusals(connection: str) -> Iterator[None]:
    """Turn what Google refuses into what a refresh understands."""
    try:
        yield
    except Denied as denied:
        raise NotSeen(f"gcp.{connection}: {denied.problem.got}; fix: {denied.problem.fix}") from None
    except Throttled as throttled:
        raise Busy(f"gcp.{connection}: {throttled.problem.got}", throttled.after) from None
