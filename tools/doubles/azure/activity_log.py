"""Microsoft.Insights, `eventtypes/management/values`: the activity log of each subscription, and of what is above them.

Tests write what happened, as resource providers do. Sources: Azure Monitor REST reference, `Activity Logs - List` (the
filter has to name a time, and takes a few forms only), `Tenant Activity Logs - List`, with its EventData.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from tools.doubles.azure.arm import page
from tools.doubles.azure.directory import TENANT
from tools.doubles.azure.errors import arm
from tools.doubles.azure.scopes import stamp, subscription_of
from tools.doubles.messages import Request
from tools.doubles.routes import route

READ = "Microsoft.Insights/eventtypes/values/read"

_LOG = "/providers/Microsoft.Insights/eventtypes/management/values"
_VERSION = "2015-04-01"
_TIMES = re.compile(r"eventTimestamp ge '(?P<begin>[^']+)' and eventTimestamp le '(?P<end>[^']+)'(?P<rest>.*)")
_CHANNELS = " and eventChannels eq 'Admin, Operation'"


class ActivityLog:
    """What has happened, the oldest first.

    Attributes:
        events: as the API answers them.
        page_size: how many of them an answer has at most.
    """

    def __init__(
        self,
        judge: Callable[[str], None],
        may: Callable[[Request, str, str], bool],
        denied: Callable[[Request, str, str], Exception],
        url: str,
    ) -> None:
        self.events: list[dict[str, Any]] = []
        self.page_size = 100
        self._judge, self._may, self._denied, self._url = judge, may, denied, url

    def note(self, at: datetime, operation: str, resource: str, status: str = "Succeeded", **fields: Any) -> str:
        """Write that something happened to a resource; give the event's id."""
        id_, subscription = str(uuid4()), subscription_of(resource)
        whose = {"subscriptionId": subscription} if subscription else {}
        names = {"operationName": operation, "status": status, "category": "Administrative"}
        self.events.append(
            {
                "eventDataId": id_,
                "correlationId": str(uuid4()),
                "eventTimestamp": stamp(at),
                "submissionTimestamp": stamp(at),
                **{name: {"value": value, "localizedValue": value} for name, value in names.items()},
                "resourceId": resource,
                "tenantId": TENANT,
                **whose,
                **fields,
            }
        )
        return id_

    @route("GET", "/subscriptions/{subscription}" + _LOG)
    def of_subscription(self, request: Request) -> Any:
        subscription = request.params["subscription"].lower()
        self._judge(subscription)
        return self._answer(request, subscription, f"/subscriptions/{subscription}")

    @route("GET", _LOG)
    def of_tenant(self, request: Request) -> Any:
        return self._answer(request, "", "/")

    def _answer(self, request: Request, subscription: str, scope: str) -> Any:
        if request.query.get("api-version") != _VERSION:
            raise arm(400, "InvalidApiVersionParameter", f"The supported api-versions are '{_VERSION}'.")
        if not self._may(request, READ, scope):
            raise self._denied(request, READ, scope)
        wanted = _TIMES.fullmatch(request.query.get("$filter", ""))
        if wanted is None or wanted["rest"] not in ("" if subscription else _CHANNELS, ""):
            raise arm(400, "BadRequest", "The $filter is not one of those that the activity log takes.")
        begin, end = (datetime.fromisoformat(wanted[each]) for each in ("begin", "end"))
        found = [
            each
            for each in reversed(self.events)
            if each.get("subscriptionId", "") == subscription
            and begin <= datetime.fromisoformat(each["eventTimestamp"]) <= end
        ]
        return page(found, request, self._url, self.page_size)
