"""The owner's end of a warden: orders over a pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.lab.errors import LabError
from tools.lab.sandbox.ports import ServerDiedError

_WARDEN = Path(__file__).with_name("warden.py")
_END_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Server:
    """How to start a server.

    Attributes:
        command: program and arguments; no secrets, everybody can read them.
        environment: all of its environment.
        log: the file that takes its output.
        user: whom it runs as, for a server that refuses to run as root; None: as its owner.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    log: str
    user: str | None = None


class Keeper:
    """Starts and stops the servers of a sandbox through its warden.

    Args:
        directory: the sandbox's folder; it is removed in the end.
        servers: the servers by name.
    """

    def __init__(self, directory: Path, servers: Mapping[str, Server]) -> None:
        spec = {"directory": str(directory), "servers": {name: asdict(server) for name, server in servers.items()}}
        file = directory / "servers.json"
        write_private(file, json.dumps(spec))
        self._warden = subprocess.Popen(
            [sys.executable, "-I", str(_WARDEN), str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(directory / "warden.log").open("wb"),
            text=True,
            cwd="/",
            start_new_session=True,
        )
        self.pid = self._warden.pid

    def start(self, name: str) -> None:
        self._order(f"start {name}")

    def stop(self, name: str) -> None:
        """End a server and let it save what it has."""
        self._order(f"stop {name}")

    def kill(self, name: str) -> None:
        """End a server as a crash would."""
        self._order(f"kill {name}")

    def alive(self, name: str) -> bool:
        return self._order(f"alive {name}") == "yes"

    def require(self, *names: str) -> None:
        """Make sure that servers run.

        Raises:
            ServerDiedError: one of them has ended.
        """
        ended = [name for name in names if not self.alive(name)]
        if ended:
            raise ServerDiedError(", ".join(ended))

    def detach(self) -> None:
        """Let the servers live on when this process ends; from now on SIGTERM to the warden ends them."""
        self._order("detach")

    def close(self) -> None:
        """End everything and wait until it is gone."""
        self._warden.communicate(timeout=_END_SECONDS)

    def _order(self, order: str) -> str:
        if self._warden.stdin is None or self._warden.stdout is None or self._warden.poll() is not None:
            raise LabError("the sandbox's warden", got="it has ended", expected="it runs", fix="start a new sandbox")
        self._warden.stdin.write(order + "\n")
        self._warden.stdin.flush()
        return self._warden.stdout.readline().strip()


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(text)
