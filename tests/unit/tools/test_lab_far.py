"""A relay that makes a server look far away."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tools.doubles.server import Answer, HttpDouble
from tools.lab.far import Far

HELD = 0.5


class Echo(HttpDouble):
    def __init__(self) -> None:
        super().__init__()
        self.route("POST", "/echo", lambda request: Answer(200, {"length": len(request.body)}), public=True)


@pytest.fixture
def servers() -> Iterator[tuple[Echo, Far]]:
    with Echo() as echo, Far([echo.url], HELD * 1000) as far:
        yield echo, far


def ask(connection: http.client.HTTPConnection, body: bytes) -> float:
    started = time.monotonic()
    connection.request("POST", "/echo", body)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b'{"length": %d}' % len(body))
    return time.monotonic() - started


def test_each_request_is_held_once_and_passed_on_whole(servers: tuple[Echo, Far]) -> None:
    connection = http.client.HTTPConnection(urlsplit(servers[1].urls[0]).netloc)
    took = [ask(connection, b"x" * length) for length in (1, 200_000, 7)]
    assert all(HELD <= seconds < 3 * HELD for seconds in took)
    connection.close()


def test_requests_of_several_clients_are_held_side_by_side(servers: tuple[Echo, Far]) -> None:
    place, started = urlsplit(servers[1].urls[0]).netloc, time.monotonic()
    threads = [threading.Thread(target=ask, args=(http.client.HTTPConnection(place), b"x")) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < 10 * HELD


def test_a_server_that_is_down_closes_the_connection(servers: tuple[Echo, Far]) -> None:
    echo, far = servers
    echo.stop()
    place = urlsplit(far.urls[0])
    with socket.create_connection((str(place.hostname), place.port or 0), timeout=5) as client:
        client.sendall(b"x")
        assert client.recv(1) == b""
