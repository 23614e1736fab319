"""A double of a syslog receiver: RFC 5424 with octet counting over TCP (RFC 6587) or TLS (RFC 5425).

    with SyslogReceiver(tls=server_context()) as receiver:
        ... send to 127.0.0.1, receiver.port ...
        receiver.messages

It keeps a message when all of it came, so a cut connection leaves whole messages only. What is no message of RFC 5424
fails the test at the end of the `with`.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self

LOOPBACK = "127.0.0.1"
_HEADER = re.compile(
    rb"<(?P<priority>\d{1,3})>1 (?P<time>\S+) (?P<host>\S{1,255}) (?P<app>\S{1,48}) (?P<process>\S{1,128})"
    rb" (?P<id>\S{1,32}) - (?P<text>.*)",
    re.DOTALL,
)
_LENGTH = re.compile(rb"([1-9]\d{0,8}) ")


@dataclass(frozen=True, slots=True)
class Message:
    """One message."""

    priority: int
    time: str
    host: str
    app: str
    id: str
    event: dict[str, Any]


class SyslogReceiver:
    """Listens while it is used as a context manager.

    Attributes:
        port: where.
        messages: what came, in order.
        connections: how many connections there were.
        cut_after: closes a connection rudely after so many messages of it; 0 for never.
        pause: seconds that it waits after each message.
        deaf: never closes its half of a connection.
        taken: is called after each message.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.messages: list[Message] = []
        self.connections = 0
        self.cut_after = 0
        self.pause = 0.0
        self.deaf = False
        self.taken: Callable[[], None] = lambda: None
        self._tls = tls
        self._guard = Lock()
        self._ended = Event()
        self._broken: list[str] = []
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]
        self._threads: list[Thread] = []

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of all messages, repetitions among them."""
        with self._guard:
            return [message.event for message in self.messages]

    def __enter__(self) -> Self:
        self._listening.settimeout(0.1)
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(10)
        self._listening.close()
        if self._broken and kind is None:
            raise RuntimeError(f"what came was no syslog: {self._broken[0]}")

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                continue
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(30)
        with suppress(OSError), connection:
            if self._tls is None:
                if self._read(connection):
                    connection.shutdown(socket.SHUT_WR)
                return
            with self._tls.wrap_socket(connection, server_side=True) as secure:
                if self._read(secure):
                    secure.unwrap()

    def _read(self, connection: socket.socket) -> bool:
        """Read to the end; False when the connection is to be closed rudely."""
        held, count = b"", 0
        while data := connection.recv(65_536):
            held += data
            while (length := _LENGTH.match(held)) and len(held) >= length.end() + int(length[1]):
                end = length.end() + int(length[1])
                self._keep(held[length.end() : end])
                held, count = held[end:], count + 1
                if count == self.cut_after:
                    return False
                time.sleep(self.pause)
        while self.deaf and not self._ended.is_set():
            time.sleep(0.02)
        return not self.deaf

    def _keep(self, data: bytes) -> None:
        header = _HEADER.fullmatch(data)
        if header is None:
            self._broken.append(repr(data[:200]))
            return
        told = {name: value.decode("ascii") for name, value in header.groupdict().items()}
        event = json.loads(told["text"])
        with self._guard:
            self.messages.append(
                Message(int(told["priority"]), told["time"], told["host"], told["app"], told["id"], event)
            )
        self.taken()
