"""A double of IAM's access advisor: the answers of GetServiceLastAccessedDetails, which the emulator leaves empty.

It stands before the emulator, which answers everything else. AWS names every service of the policies, and of those that
track their actions each that is tracked; so should a test. As nothing in a sandbox is as old as what IAM remembers,
roles are shown as if they had been made long ago.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from xml.sax.saxutils import escape

from tools.lab.gate import Gate, Reply, Request

_XMLNS = "https://iam.amazonaws.com/doc/2010-05-08/"
_CREATED = re.compile(rb"<CreateDate>[^<]*</CreateDate>")

Uses = Mapping[str, tuple[datetime | None, Mapping[str, datetime | None]]]
"""By service prefix: when it was last used, and when each of its tracked actions was."""


class AccessAdvisor(Gate):
    """The emulator, with what IAM remembers of uses; use it as a context manager.

    Args:
        server: the emulator's URL.
        uses: what is remembered, of whichever role.
        age: how long ago roles were made.
    """

    def __init__(self, server: str, uses: Uses, age: timedelta = timedelta(days=400)) -> None:
        super().__init__(server)
        self._uses = uses
        self._made = _time(datetime.now(UTC) - age).encode()

    def _passed_on(self, request: Request) -> Reply:
        if request.operation == "GetServiceLastAccessedDetails":
            return HTTPStatus.OK, [("Content-Type", "text/xml")], last_accessed(self._uses)
        status, fields, content = super()._passed_on(request)
        if request.operation == "GetRole":
            content = _CREATED.sub(rb"<CreateDate>" + self._made + rb"</CreateDate>", content)
        return status, fields, content


def last_accessed(services: Uses, *, status: str = "COMPLETED", marker: str = "") -> bytes:
    """Write an answer to GetServiceLastAccessedDetails.

    Args:
        services: what is told of each service.
        status: `IN_PROGRESS`, `COMPLETED` or `FAILED`.
        marker: where the next page begins; empty on the last.
    """
    now = _time(datetime.now(UTC))
    members = "".join(_service(prefix, at, actions) for prefix, (at, actions) in services.items())
    more = f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>" if marker else "<IsTruncated>false</IsTruncated>"
    done = f"<JobCompletionDate>{now}</JobCompletionDate>" if status != "IN_PROGRESS" else ""
    return (
        f'<GetServiceLastAccessedDetailsResponse xmlns="{_XMLNS}"><GetServiceLastAccessedDetailsResult>'
        f"<JobStatus>{status}</JobStatus><JobType>ACTION_LEVEL</JobType><JobCreationDate>{now}</JobCreationDate>{done}"
        f"<ServicesLastAccessed>{members}</ServicesLastAccessed>{more}"
        "</GetServiceLastAccessedDetailsResult></GetServiceLastAccessedDetailsResponse>"
    ).encode()


def _service(prefix: str, at: datetime | None, actions: Mapping[str, datetime | None]) -> str:
    tracked = "".join(_action(name, used) for name, used in actions.items())
    return (
        f"<member><ServiceName>{escape(prefix)}</ServiceName><ServiceNamespace>{escape(prefix)}</ServiceNamespace>"
        f"{_element('LastAuthenticated', at)}<TotalAuthenticatedEntities>{int(at is not None)}"
        f"</TotalAuthenticatedEntities><TrackedActionsLastAccessed>{tracked}</TrackedActionsLastAccessed></member>"
    )


def _action(name: str, at: datetime | None) -> str:
    return f"<member><ActionName>{escape(name)}</ActionName>{_element('LastAccessedTime', at)}</member>"


def _element(name: str, at: datetime | None) -> str:
    return f"<{name}>{_time(at)}</{name}>" if at else ""


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
