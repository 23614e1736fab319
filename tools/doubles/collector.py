"""A double of an HTTP collector of events, as SIEMs have one: JSON arrays or lines of JSON, compressed or not.

with HttpDouble(collector := Collector(), tls=server_context()) as double:
    double.grant("a-token", "exporter")
    ...
    collector.events
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.server import route

PATH = "/events"


class Collector:
    """Keeps what it took.

    Attributes:
        batches: the events of each request, in the order in which they came.
        kinds: the content type of each.
        most: events of the largest request that it takes.
        taken: is called when a batch is kept, before that is answered.
    """

    def __init__(self) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.kinds: list[str] = []
        self.most = 100_000
        self.taken: Callable[[], None] = lambda: None

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events, repetitions among them."""
        return [event for batch in self.batches for event in batch]

    @route("POST", PATH, needs="events.post")
    def post(self, request: Request) -> Answer:
        """Take a batch, or refuse it as a whole."""
        kind = request.headers.get("content-type", "")
        content = request.body
        if request.headers.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        if kind == "application/x-ndjson":
            events = [json.loads(line) for line in content.splitlines()]
        elif kind == "application/json":
            events = json.loads(content)
        else:
            raise Refusal(Answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE))
        if len(events) > self.most:
            raise Refusal(Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
        self.batches.append(events)
        self.kinds.append(kind)
        self.taken()
        return Answer(HTTPStatus.ACCEPTED)
