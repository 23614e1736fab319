"""The socket side of a double: threads, open connections, HTTP/1.1 in and out."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.doubles.server import HttpDouble

LOOPBACK = "127.0.0.1"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class Listener:
    """Listens for one double, again and again on the same port.

    Attributes:
        port: which one.
    """

    def __init__(self, double: HttpDouble, tls: ssl.SSLContext | None) -> None:
        self._handler = _handler_for(double)
        self._tls = tls
        # It is bound at once, so that nobody else gets the port before it is started.
        self._server: _Server | None = _Server((LOOPBACK, 0), self._handler, tls)
        self._thread: Thread | None = None
        self.port: int = self._server.server_address[1]

    def start(self) -> None:
        """Serve; nothing when it does already."""
        if self._thread is not None:
            return
        server = self._server or _Server((LOOPBACK, self.port), self._handler, self._tls)
        self._server = server
        self._thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and cut every open connection; nothing when it is closed already."""
        server, self._server = self._server, None
        thread, self._thread = self._thread, None
        if server is None:
            return
        if thread is not None:
            server.shutdown()
            thread.join()
        server.server_close()
        server.cut()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Otherwise closing would wait for clients that keep their connections open.
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None
    ) -> None:
        self._open: set[socket.socket] = set()
        self._guard = Lock()
        self._tls = tls
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            # The handshake belongs here: in the accepting thread one slow client would hold up all others.
            if self._tls is not None:
                plain, request = request, self._tls.wrap_socket(request, server_side=True)
                with self._guard:
                    self._open.discard(plain)
                    self._open.add(request)
        except OSError:
            with self._guard:
                self._open.discard(request)
            request.close()
            return
        super().process_request_thread(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or was cut off, is nothing to report."""

    def cut(self) -> None:
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._open.clear()


def _handler_for(double: HttpDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def serve(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self._chunked() if headers.get("transfer-encoding") == "chunked" else self._measured(headers)
            answer = (double.entrance or double.respond)(self.command, self.path, headers, body)
            content, kind = answer.encoded()
            self.send_response(int(answer.status))
            if kind and "Content-Type" not in answer.headers:
                self.send_header("Content-Type", kind)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def _measured(self, headers: dict[str, str]) -> bytes:
            return self.rfile.read(int(headers.get("content-length", "0")))

        def _chunked(self) -> bytes:
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(double.now(), usegmt=True)

        def log_message(self, *_: object) -> None:
            """Keep tokens out of every log."""

    for method in METHODS:
        setattr(Handler, f"do_{method}", Handler.serve)
    return Handler
