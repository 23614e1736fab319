"""A double of CloudTrail's LookupEvents: pages with tokens, and refusals of whoever asks too often.

The emulator answers LookupEvents too, but with one page of 50 events and without throttling. Sources: CloudTrail API,
LookupEvents; STS API, GetCallerIdentity, which clients ask first.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route
from tools.doubles.server import HttpDouble

_CALLER = """\
<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{account}:user/reader</Arn><UserId>AIDAREADER</UserId><Account>{account}</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""


class CloudTrailDouble(HttpDouble):
    """One account in all regions; signatures are not looked at.

    Attributes:
        records: records of CloudTrail, by region, the oldest first.
        page: events on a page.
        busy_for: how many of the next lookups are refused as too many.
        denied: lookups are not allowed.
        lookups: the requests for events that were answered, each with its region.
    """

    def __init__(self, account: str = "111111111111") -> None:
        self.account = account
        self.records: dict[str, list[dict[str, Any]]] = {}
        self.page = 50
        self.busy_for = 0
        self.denied = False
        self.lookups: list[tuple[str, dict[str, Any]]] = []
        super().__init__()

    @route("POST", "/", public=True)
    def answer(self, request: Request) -> Answer:
        if not request.headers.get("x-amz-target", "").endswith(".LookupEvents"):
            if parse_qs(request.body.decode()).get("Action") != ["GetCallerIdentity"]:
                return self.absent(request)
            return Answer(HTTPStatus.OK, _CALLER.format(account=self.account), {"Content-Type": "text/xml"})
        if self.denied:
            return self._refusal("AccessDeniedException", "not authorized to perform: cloudtrail:LookupEvents")
        if self.busy_for:
            self.busy_for -= 1
            return self._refusal("ThrottlingException", "Rate exceeded")
        asked, region = request.json(), request.headers["authorization"].split("/")[2]
        self.lookups.append((region, asked))
        (attribute,) = asked["LookupAttributes"]
        found = [
            each
            for each in reversed(self.records.get(region, ()))
            if each["eventSource"] == attribute["AttributeValue"]
        ]
        begin = int(asked.get("NextToken", 0))
        end = begin + min(self.page, asked["MaxResults"])
        more = {"NextToken": str(end)} if end < len(found) else {}
        return self._json(HTTPStatus.OK, {"Events": [_event(each) for each in found[begin:end]], **more})

    def _refusal(self, code: str, message: str) -> Answer:
        return self._json(HTTPStatus.BAD_REQUEST, {"__type": code, "message": message})

    def _json(self, status: HTTPStatus, body: dict[str, Any]) -> Answer:
        return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/x-amz-json-1.1"})


def _event(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "EventSource": record["eventSource"],
        "EventTime": 1796029200.0,
        "CloudTrailEvent": json.dumps(record),
    }
