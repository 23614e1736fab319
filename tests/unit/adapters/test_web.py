"""Requests to services behind plain HTTP: what an answer may be, and how long it may take."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from nhi_components.core.errors import SystemUnreachable
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.web import Web

ASKED = b"{}"
BODY = b'{"ok": true, "keys": []}' * 1000


@contextmanager
def answering(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve one connection by hand."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                # Closing with a part of the request unread would reset the connection, and the answer be lost.
                asked = b""
                while not asked.endswith(ASKED) and (part := connection.recv(65_536)):
                    asked += part
                try:
                    speak(connection)
                except OSError:
                    return

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(5)


def said(head: bytes, body: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + body)


def chunked(body: bytes) -> bytes:
    parts = [body[at : at + 700] for at in range(0, len(body), 700)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def post(url: str, seconds: float = 5) -> bytes:
    return Web(System.HOOK, "hook.default", None, "application/json", seconds).send("POST", url, ASKED).body


@pytest.mark.parametrize(
    "speak",
    [
        said(b"Content-Length: %d" % len(BODY), BODY),
        said(b"Connection: close", BODY),
        said(b"Transfer-Encoding: chunked", chunked(BODY)),
        said(b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip", chunked(gzip.compress(BODY))),
    ],
    ids=["length", "close", "chunked", "compressed"],
)
def test_an_answer_is_read_however_it_is_sent(speak: Callable[[socket.socket], None]) -> None:
    with answering(speak) as url:
        assert post(url) == BODY


@pytest.mark.parametrize(
    "speak",
    [
        said(b"Content-Length: 100", b"{}"),
        said(b"Transfer-Encoding: chunked", b"zz\r\n"),
        said(b"Content-Length: 3\r\nContent-Encoding: gzip", b"abc"),
    ],
    ids=["short", "chunked", "compressed"],
)
def test_an_answer_that_breaks_off_is_none(speak: Callable[[socket.socket], None]) -> None:
    with answering(speak) as url, pytest.raises(SystemUnreachable, match="no answer from POST"):
        post(url)


def test_an_answer_may_not_be_long_also_not_once_it_is_unpacked() -> None:
    packed = gzip.compress(b"0" * 2_000_000)
    with (
        answering(said(b"Content-Length: %d\r\nContent-Encoding: gzip" % len(packed), packed)) as url,
        pytest.raises(SystemUnreachable, match="a longer answer from POST"),
    ):
        post(url)


def test_an_answer_that_comes_drop_by_drop_is_not_waited_for() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n")
        for _ in range(300):
            time.sleep(0.1)
            connection.sendall(b" ")

    began = time.monotonic()
    with answering(drip) as url:
        with pytest.raises(SystemUnreachable, match=r"within 0\.5 s"):
            post(url, 0.5)
        assert time.monotonic() - began < 15
