"""A gate before a server: passes requests on, and holds the one that a test has chosen until the test lets go.

With it a process can be killed at exactly one point of a conversation: before a request is served, or after it is
served and before its sender learns of that. `Gate` listens before a server; `tools.doubles.gate.DoubleGate` stands
within a double whose answers name its own address, so that no request goes round it.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tools.lab.errors import LabError
from tools.lab.sandbox.ports import LOOPBACK

REACH_SECONDS = 60
"""Generous: two cores may be busy."""

_POLL_SECONDS = 0.05
_HOP_BY_HOP = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


class When(Enum):
    """At which point a request is held."""

    BEFORE = "before it is served"
    AFTER = "after it is served, before its sender learns of that"


@dataclass(frozen=True, slots=True)
class Request:
    """What came to the gate.

    Attributes:
        method: the HTTP method.
        path: path and query.
        headers: its headers, names in lower case.
        body: its body.
    """

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def operation(self) -> str:
        """The AWS operation that it asks for, such as `CreateRole`; empty for requests of other systems."""
        target = self.headers.get("x-amz-target")
        if target:
            return target.rpartition(".")[2]
        form = "x-www-form-urlencoded" in self.headers.get("content-type", "")
        return parse_qs(self.body.decode()).get("Action", [""])[0] if form else ""


Choice = Callable[[Request], bool]


def operation(name: str) -> Choice:
    """Choose an AWS operation by its name."""
    return lambda request: request.operation == name


def path(method: str, beginning: str) -> Choice:
    """Choose a request by its method and the beginning of its path."""
    return lambda request: request.method == method and request.path.startswith(beginning)


class Hold:
    """One request that is held, the first that is chosen; the others pass.

    Args:
        choice: which.
        when: at which point.
    """

    def __init__(self, choice: Choice, when: When) -> None:
        self._choice = choice
        self._when = when
        self._claimed = threading.Lock()
        self._reached = threading.Event()
        self._released = threading.Event()
        self._dropped = False

    def wait(self, seconds: float = REACH_SECONDS, *, alive: Callable[[], bool] = lambda: True) -> None:
        """Wait until the request is held.

        Args:
            seconds: how long.
            alive: whether the sender can still send it.

        Raises:
            LabError: it never came.
        """
        deadline = time.monotonic() + seconds
        while not self._reached.wait(_POLL_SECONDS):
            if time.monotonic() > deadline or not alive():
                got = f"no such request within {seconds} s" if alive() else "its sender has ended without it"
                raise LabError("the gate", got=got, expected="a request that is held", fix="choose another")

    def reached(self, seconds: float) -> bool:
        """Tell whether the request is held, or comes to be within so many seconds."""
        return self._reached.wait(seconds)

    def release(self) -> None:
        """Let it go on."""
        self._released.set()

    def drop(self) -> None:
        """Close its connection: it is not served any more, and its sender gets no answer."""
        self._dropped = True
        self._released.set()

    def stops(self, request: Request, when: When) -> bool:
        """Hold the request if it is the chosen one; tell whether it was dropped."""
        if when is not self._when or not self._choice(request) or not self._claimed.acquire(blocking=False):
            return False
        self._reached.set()
        self._released.wait()
        return self._dropped


Reply = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""


class Gatekeeper(ABC):
    """Holds requests that pass, wherever they do.

    Attributes:
        seen: every request that came, in order.
    """

    def __init__(self) -> None:
        self._holds: list[Hold] = []
        self._answers: list[tuple[Choice, int, bytes]] = []
        self.seen: list[Request] = []

    def hold(self, choice: Choice, when: When) -> Hold:
        """Hold the next request that is chosen."""
        held = Hold(choice, when)
        self._holds.append(held)
        return held

    @contextlib.contextmanager
    def answering(self, choice: Choice, status: int, body: bytes = b"") -> Iterator[None]:
        """Answer the chosen requests in the server's place for a while: it never sees them."""
        answer = (choice, status, body)
        self._answers.append(answer)
        try:
            yield
        finally:
            self._answers.remove(answer)

    def serve(self, request: Request) -> Reply | None:
        """Pass a request on; None when its connection is to be closed without an answer."""
        self.seen.append(request)
        if self._stopped(request, When.BEFORE):
            return None
        reply = self._given(request) or self._passed_on(request)
        return None if self._stopped(request, When.AFTER) else reply

    def _given(self, request: Request) -> Reply | None:
        return next(((status, [], body) for choice, status, body in list(self._answers) if choice(request)), None)

    def _stopped(self, request: Request, when: When) -> bool:
        return any(held.stops(request, when) for held in list(self._holds))

    def _drop_all(self) -> None:
        for held in self._holds:
            held.drop()

    @abstractmethod
    def _passed_on(self, request: Request) -> Reply:
        """What the server answers."""


class Gate(Gatekeeper):
    """A gate on a free port of loopback; use it as a context manager.

    Args:
        server: the URL of the server behind it.

    Attributes:
        url: where to send requests.
    """

    def __init__(self, server: str) -> None:
        super().__init__()
        self._server = urlsplit(server)
        self._http = ThreadingHTTPServer((LOOPBACK, 0), type("_BoundHandler", (_Handler,), {"gate": self}))
        self._http.daemon_threads = True
        self.url = f"http://{LOOPBACK}:{self._http.server_port}"

    def __enter__(self) -> Gate:
        """Start it."""
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Drop what is held, and stop."""
        self._drop_all()
        self._http.shutdown()
        self._http.server_close()

    def _passed_on(self, request: Request) -> Reply:
        connection = http.client.HTTPConnection(str(self._server.hostname), self._server.port or 80)
        try:
            connection.request(request.method, request.path, request.body, request.headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        except (OSError, http.client.HTTPException):
            return http.HTTPStatus.BAD_GATEWAY, [], b""
        finally:
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    gate: Gate
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        """Read one request and answer it; its sender may be gone by then."""
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()
            return
        self.close_connection = True

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        answer = self.gate.serve(Request(self.command, self.path, headers, body))
        if answer is None:
            self.close_connection = True
            return
        status, fields, content = answer
        self.send_response_only(status)
        for name, value in fields:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: requests may hold credentials."""


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "LIST"):
    setattr(_Handler, f"do_{_method}", _Handler._pass_on)
