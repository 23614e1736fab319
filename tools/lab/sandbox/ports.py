"""Free ports and waiting for servers on loopback."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable
from pathlib import Path

from tools.lab.errors import LabError

LOOPBACK = "127.0.0.1"
START_SECONDS = 60
"""Generous: two cores may be busy with a build."""

_POLL_SECONDS = 0.02
_TAIL = 800


class ServerDiedError(Exception):
    """A server ended before it answered: its port may have been taken meanwhile."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at the moment."""
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [held.getsockname()[1] for held in sockets]
    for held in sockets:
        held.close()
    return ports


def answers(port: int, path: str) -> bool:
    """Tell whether a server on loopback answers a request, whatever the status."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=START_SECONDS)
    try:
        connection.request("GET", path)
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def wait_until(ready: Callable[[], bool], alive: Callable[[], bool], log: Path) -> None:
    """Wait until a server that was started is ready.

    Args:
        ready: tells whether it is.
        alive: tells whether its process runs.
        log: what it printed.

    Raises:
        ServerDiedError: it ended.
        LabError: it isn't ready in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if not alive():
            raise ServerDiedError(f"{log}: {_tail(log)}")
        if time.monotonic() > deadline:
            raise LabError(
                str(log),
                got=f"not ready within {START_SECONDS} s: {_tail(log)}",
                expected="a server that answers",
                fix="see whether the machine is overloaded, then run it again",
            )
        time.sleep(_POLL_SECONDS)


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-_TAIL:].strip() if log.exists() else ""
