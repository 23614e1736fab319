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


def wait_until_answering(port: int, path: str, alive: Callable[[], bool], log: Path) -> None:
    """Wait until a server answers on loopback, whatever its status.

    Raises:
        ServerDiedError: it ended.
        LabError: it doesn't answer in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=START_SECONDS)
        try:
            connection.request("GET", path)
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            if not alive():
                raise ServerDiedError(f"{log.name}: {log.read_text(errors='replace')[-_TAIL:]}") from None
            time.sleep(_POLL_SECONDS)
        else:
            return
        finally:
            connection.close()
    raise LabError(
        f"server on {LOOPBACK}:{port}",
        got=f"no answer within {START_SECONDS} s; its log ends: {log.read_text(errors='replace')[-_TAIL:]}",
        expected=f"an answer to GET {path}",
        fix="see whether the machine is overloaded, then run it again",
    )
