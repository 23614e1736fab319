"""The gate: passes on, holds before and after, drops, answers in the server's place."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from tools.doubles.gate import DoubleGate
from tools.doubles.messages import Request as DoubleRequest
from tools.doubles.server import Answer, HttpDouble
from tools.lab.errors import LabError
from tools.lab.gate import Gate, Request, When, operation, path


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.served.append(self.path)
        self.send_response(201)
        self.send_header("X-Kept", self.headers["X-Kept"] or "")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    served: list[str] = []
    http_server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Bound", (_Echo,), {"served": served}))
    threading.Thread(target=http_server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{http_server.server_port}", served
    http_server.shutdown()
    http_server.server_close()


def _post(url: str, where: str, body: bytes = b"hello") -> tuple[int, str | None, bytes]:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=20)
    connection.request("POST", where, body, {"X-Kept": "kept"})
    answer = connection.getresponse()
    return answer.status, answer.getheader("X-Kept"), answer.read()


def _in_background(url: str, where: str) -> tuple[threading.Thread, list[Any]]:
    outcome: list[Any] = []

    def ask() -> None:
        try:
            outcome.append(_post(url, where))
        except (OSError, http.client.HTTPException) as error:
            outcome.append(type(error))

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, outcome


def test_it_passes_requests_and_answers_on(server: tuple[str, list[str]]) -> None:
    with Gate(server[0]) as gate:
        assert _post(gate.url, "/a?b=c") == (201, "kept", b"hello")
    assert server[1] == ["/a?b=c"]
    assert [request.path for request in gate.seen] == ["/a?b=c"]


@pytest.mark.parametrize(("when", "served"), [(When.BEFORE, []), (When.AFTER, ["/chosen"])])
def test_it_holds_the_chosen_request_until_it_is_released(
    server: tuple[str, list[str]], when: When, served: list[str]
) -> None:
    with Gate(server[0]) as gate:
        held = gate.hold(path("POST", "/chosen"), when)
        thread, outcome = _in_background(gate.url, "/chosen")
        held.wait(20)
        assert (server[1], outcome) == (served, [])
        assert _post(gate.url, "/other")[0] == 201
        held.release()
        thread.join(20)
        assert outcome == [(201, "kept", b"hello")]
        assert _post(gate.url, "/chosen")[0] == 201


@pytest.mark.parametrize(("when", "served"), [(When.BEFORE, []), (When.AFTER, ["/chosen"])])
def test_a_dropped_request_gets_no_answer(server: tuple[str, list[str]], when: When, served: list[str]) -> None:
    with Gate(server[0]) as gate:
        held = gate.hold(path("POST", "/chosen"), when)
        thread, outcome = _in_background(gate.url, "/chosen")
        held.wait(20)
        held.drop()
        thread.join(20)
    assert outcome == [http.client.RemoteDisconnected]
    assert server[1] == served


def test_one_within_a_double_does_the_same() -> None:
    double, served = HttpDouble(), list[str]()

    def serve(request: DoubleRequest) -> Answer:
        served.append(request.path)
        return Answer(201, request.body)

    for where in ("/chosen", "/other"):
        double.route("POST", where, serve, public=True)
    with double:
        for when in When:
            served.clear()
            with DoubleGate(double) as gate, gate.answering(path("POST", "/away"), 503):
                held = gate.hold(path("POST", "/chosen"), when)
                thread, outcome = _in_background(double.url, "/chosen")
                held.wait(20)
                assert (served, outcome) == ([] if when is When.BEFORE else ["/chosen"], [])
                assert (_post(double.url, "/other")[::2], _post(double.url, "/away")[0]) == ((201, b"hello"), 503)
                held.drop()
                thread.join(20)
                assert outcome == [http.client.RemoteDisconnected]
            assert _post(double.url, "/chosen")[::2] == (201, b"hello")
            assert len(served) == (2 if when is When.BEFORE else 3)


def test_it_answers_in_the_servers_place_for_a_while(server: tuple[str, list[str]]) -> None:
    with Gate(server[0]) as gate:
        with gate.answering(path("POST", "/a"), 200, b"done"):
            assert _post(gate.url, "/a") == (200, None, b"done")
        assert _post(gate.url, "/a")[0] == 201
    assert server[1] == ["/a"]


def test_a_server_that_is_down_is_a_bad_gateway() -> None:
    with Gate("http://127.0.0.1:9") as gate:
        assert _post(gate.url, "/a")[0] == 502


def test_waiting_for_a_request_that_never_comes_is_an_error(server: tuple[str, list[str]]) -> None:
    with Gate(server[0]) as gate, pytest.raises(LabError, match="no such request"):
        gate.hold(operation("CreateRole"), When.BEFORE).wait(0.01)
    with Gate(server[0]) as gate, pytest.raises(LabError, match="its sender has ended"):
        gate.hold(operation("CreateRole"), When.BEFORE).wait(20, alive=lambda: False)


def test_aws_operations_are_known_in_both_protocols() -> None:
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert operation("CreateRole")(Request("POST", "/", form, b"Action=CreateRole&RoleName=x"))
    assert operation("CreateSecret")(Request("POST", "/", {"x-amz-target": "secretsmanager.CreateSecret"}, b"{}"))
    assert not operation("CreateRole")(Request("PUT", "/v1/secret", {}, b"{}"))
