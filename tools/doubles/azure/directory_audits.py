"""Microsoft Graph, `auditLogs/directoryAudits`: what has happened in the directory. Tests write it, as Entra does.

Source: Microsoft Graph reference, 'List directoryAudits', 'directoryAudit resource type'.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from tools.doubles.azure import graph
from tools.doubles.azure.scopes import stamp
from tools.doubles.azure.sign_ins import NEEDED
from tools.doubles.messages import Request
from tools.doubles.routes import route

_SINCE = re.compile(r"activityDateTime ge (?P<begin>\S+)")


class DirectoryAudits:
    """What has happened, the oldest first.

    Attributes:
        audits: as the API answers them.
        page_size: how many of them an answer has at most.
    """

    def __init__(self, url: str) -> None:
        self.audits: list[dict[str, Any]] = []
        self.page_size = 1000
        self._url = url

    def note(self, at: datetime, category: str, activity: str, *targets: tuple[str, str], **fields: Any) -> str:
        """Write that something happened to targets, each a kind such as `Application` and an id; give its id."""
        id_ = f"Directory_{uuid4()}"
        self.audits.append(
            {
                "id": id_,
                "category": category,
                "activityDisplayName": activity,
                "activityDateTime": stamp(at),
                "loggedByService": "Core Directory",
                "result": "success",
                "initiatedBy": {"user": {"id": str(uuid4())}, "app": None},
                "targetResources": [{"type": kind, "id": target} for kind, target in targets],
                **fields,
            }
        )
        return id_

    @route("GET", "/v1.0/auditLogs/directoryAudits", needs=NEEDED)
    def listing(self, request: Request) -> Any:
        wanted = _SINCE.fullmatch(request.query.get("$filter", ""))
        if wanted is None:
            raise graph.bad("Invalid filter clause")
        begin = datetime.fromisoformat(wanted["begin"])
        found = [each for each in reversed(self.audits) if datetime.fromisoformat(each["activityDateTime"]) >= begin]
        unfiltered = {name: value for name, value in request.query.items() if name != "$filter"}
        return graph.page(found, replace(request, query=unfiltered), self._url, self.page_size)
