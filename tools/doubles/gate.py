"""A gate within a double: holds a request that a test has chosen, as `tools.lab.gate` does before a server.

It is for a double whose answers name its own address, such as one of Azure: through those its clients would go round a
gate that stands before it.
"""

from __future__ import annotations

from collections.abc import Mapping

from tools.doubles.messages import Answer
from tools.doubles.server import HttpDouble
from tools.lab.gate import Gatekeeper, Reply, Request


class DoubleGate(Gatekeeper):
    """The gate of one double, which all of its requests pass; use it as a context manager."""

    def __init__(self, double: HttpDouble) -> None:
        super().__init__()
        self._double = double

    def __enter__(self) -> DoubleGate:
        """Let requests pass it."""
        self._double.entrance = self._enter
        return self

    def __exit__(self, *_: object) -> None:
        """Drop what is held, and let requests in without it."""
        self._double.entrance = None
        self._drop_all()

    def _enter(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        reply = self.serve(Request(method, target, dict(headers), body))
        if reply is None:
            # The listener closes a connection whose handler fails so.
            raise ConnectionAbortedError
        status, fields, content = reply
        return Answer(status, content or None, dict(fields))

    def _passed_on(self, request: Request) -> Reply:
        answer = self._double.respond(request.method, request.path, request.headers, request.body)
        content, kind = answer.encoded()
        headers = {**({"Content-Type": kind} if kind else {}), **answer.headers}
        return int(answer.status), list(headers.items()), content
