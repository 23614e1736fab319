"""What a double is asked and what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        method: in capitals.
        path: without query, still percent-encoded.
        params: what the placeholders of the route's pattern stand for, decoded.
        query: the query's fields, decoded; of a field that is given twice, the last.
        headers: by name in small letters.
        body: as it came.
        principal: whom its token speaks for; empty on a public route.
        fields: the query's fields in their order, with those that are given twice.
    """

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    principal: str = ""
    fields: tuple[tuple[str, str], ...] = ()

    def every(self, name: str) -> list[str]:
        """All values of a field of the query that may be given more than once."""
        return [value for each, value in self.fields if each == name]

    def json(self) -> Any:
        """Read the body as JSON; an empty one is an empty object.

        Raises:
            Refusal: 400, when it is no JSON.
        """
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            raise Refusal(Answer(HTTPStatus.BAD_REQUEST, {"error": "the body is no JSON"})) from None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        status: the HTTP status.
        body: bytes and texts as they are, None for none, anything else as JSON.
        headers: what goes beside the usual ones.
    """

    status: int = HTTPStatus.OK
    body: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, str]:
        """The body's bytes, and their content type."""
        if self.body is None:
            return b"", ""
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        return json.dumps(self.body).encode(), "application/json; charset=utf-8"


class Refusal(Exception):
    """What a handler raises to answer something else than it was about to."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(f"refused with {int(answer.status)}")


@dataclass(frozen=True, slots=True)
class Logged:
    """One request that was answered; never a body, never a token.

    Attributes:
        method: in capitals.
        target: path and query.
        status: what was answered.
        principal: whom its token spoke for.
    """

    method: str
    target: str
    status: int
    principal: str


Handler = Callable[[Request], Any]
"""Takes a request and gives an `Answer`, or a body that goes out with 200."""
