"""Keeps the sandbox's servers, and leaves nothing behind when their owner is gone.

A process of its own, on the standard library alone: `python warden.py SPEC.json`. Its owner holds the other end of
standard input and gives one order a line: `start NAME`, `stop NAME`, `kill NAME`, `alive NAME`, `detach`; each is
answered by one line. At the end of input, which comes too when the owner is killed, or at SIGTERM, every server's
process group is killed and the sandbox's folder removed. After `detach` only SIGTERM ends it.

SPEC.json: {"directory": "...", "servers": {NAME: {"command": [...], "environment": {...}, "log": "..."}}}.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = "warden.lock"
STOP_SECONDS = 10
_PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that a process gets when its parent dies."""


class Warden:
    """The servers of one sandbox and its folder."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.directory = Path(spec["directory"])
        self._servers = spec["servers"]
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        # Held for life: who finds it free knows that no warden is left.
        self._lock = (self.directory / LOCK).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def start(self, name: str) -> str:
        server = self._servers[name]
        with Path(server["log"]).open("ab") as log:
            self._running[name] = subprocess.Popen(
                server["command"],
                env=server["environment"],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=server.get("user"),
                preexec_fn=_die_with_parent,
            )
        return str(self._running[name].pid)

    def stop(self, name: str) -> str:
        """End a server in its own way: it may save what it has."""
        process = self._running.get(name)
        if process is not None and process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        return self.kill(name)

    def kill(self, name: str) -> str:
        process = self._running.pop(name, None)
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return "stopped"

    def alive(self, name: str) -> str:
        process = self._running.get(name)
        return "yes" if process is not None and process.poll() is None else "no"

    def serve(self) -> None:
        """Take orders until the input ends or `detach` comes."""
        for line in sys.stdin:
            order, _, name = line.strip().partition(" ")
            print("detached" if order == "detach" else getattr(self, order)(name), flush=True)
            if order == "detach":
                while True:
                    signal.pause()

    def close(self) -> None:
        for name in list(self._running):
            self.kill(name)
        shutil.rmtree(self.directory)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warden = Warden(json.loads(Path(sys.argv[1]).read_text()))
    try:
        warden.serve()
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        warden.close()


if __name__ == "__main__":
    main()
