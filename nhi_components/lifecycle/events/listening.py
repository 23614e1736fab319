"""The receiver of web hooks: proves who posts, keeps what is told, and only then says that it was taken.

It speaks plain HTTP, so that it belongs on loopback or behind what ends TLS. Nothing of a request is logged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread
from typing import Any, Final, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from nhi_components.core.errors import Problem, SpecError
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.events.journal import Journal
from nhi_components.lifecycle.events.ports import Batch, Unreadable
from nhi_components.lifecycle.events.webhook import ROUTES, SHORTEST, is_proved, read_body

LONGEST: Final = 25 * 1024 * 1024
"""Bytes of a body: GitHub's own cap ('Webhook events and payloads', payload cap)."""
AT_ONCE: Final = 8
"""Requests that are read at the same time: our own figure, so that bodies take at most 200 MB."""
TIMEOUT_SECONDS: Final = 10
"""For a request to come whole; GitHub gives up after as long."""


class Reply(NamedTuple):
    """What is answered.

    Attributes:
        status: of HTTP.
        body: sent as JSON.
    """

    status: HTTPStatus
    body: dict[str, Any]


class Receiver:
    """Takes events into a journal.

    Args:
        journal: where they are kept.
        secret: what senders have to know.
        clock: tells the time.

    Raises:
        SpecError: the secret is too short.
    """

    def __init__(self, journal: Journal, secret: str, clock: Clock) -> None:
        if len(secret) < SHORTEST:
            fix = "make a random one, such as with `openssl rand -hex 32`"
            problem = Problem("secret", "too short a text, or none", f"at least {SHORTEST} characters", fix)
            raise SpecError("nhi refresh --listen", [problem])
        self._journal, self._secret, self._clock = journal, secret.encode(), clock
        self.room = BoundedSemaphore(AT_ONCE)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """Answer a post; what it tells is on the disk when the answer says that it was taken.

        Args:
            path: without query.
            headers: by their names in lower case.
            body: as it came.
        """
        if not is_proved(self._secret, headers, body):
            return Reply(HTTPStatus.UNAUTHORIZED, {"error": "no right signature or key"})
        reading, now = ROUTES.get(path), self._clock()
        if reading is None:
            return Reply(HTTPStatus.NOT_FOUND, {"error": f"expected one of {', '.join(ROUTES)}"})
        try:
            told = reading(headers, read_body(body), now)
            kept = self._journal.keep(f"webhook {path}", Batch(told), now)
        except Unreadable as error:
            return Reply(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        except SQLAlchemyError:
            return Reply(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "the inventory can't be written; send it again"})
        return Reply(HTTPStatus.ACCEPTED, {"kept": kept, "known": len(told.events) - kept})


@contextmanager
def listening(receiver: Receiver, host: str, port: int) -> Iterator[int]:
    """Receive for a while, and give the port that is listened on.

    Args:
        receiver: answers.
        host: address of this machine.
        port: 0 for any that is free.

    Raises:
        SpecError: it can't be listened on.
    """
    handler = type("_BoundHandler", (_Handler,), {"receiver": receiver})
    try:
        server = _Server((host, port), handler)
    except OSError as error:
        problem = Problem("--listen", f"{host}:{port} ({error.strerror})", "an address that is free", "choose another")
        raise SpecError("nhi refresh", [problem]) from None
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that hangs up, or whose request was not answered, sends it again."""


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver
    timeout = TIMEOUT_SECONDS

    def do_POST(self) -> None:
        """Read a body of known and bearable length, and answer."""
        told = self.headers.get("Content-Length", "")
        if not told.isdecimal():
            self._answer(Reply(HTTPStatus.LENGTH_REQUIRED, {"error": "expected a Content-Length"}))
        elif int(told) > LONGEST:
            self._answer(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"expected at most {LONGEST} bytes"}))
        elif not self.receiver.room.acquire(blocking=False):
            self._answer(Reply(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "too many at once; send it again"}))
        else:
            try:
                self._take(int(told))
            finally:
                self.receiver.room.release()

    def _take(self, length: int) -> None:
        try:
            body = self.rfile.read(length)
        except TimeoutError:
            self._answer(Reply(HTTPStatus.REQUEST_TIMEOUT, {"error": "the body did not come"}))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._answer(self.receiver.take(self.path.partition("?")[0], headers, body))

    def _answer(self, reply: Reply) -> None:
        content = json.dumps(reply.body).encode()
        self.close_connection = True
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def version_string(self) -> str:
        """Tell no version to whoever asks."""
        return "nhi"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: requests may hold credentials."""
