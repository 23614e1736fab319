"""A sandbox for a shell: up until it is taken down, with its record in `.sandbox` of the checkout."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.lab import cache
from tools.lab.console import say, step
from tools.lab.engine import ensure
from tools.lab.errors import LabError
from tools.lab.sandbox.record import FOREIGN, Record
from tools.lab.sandbox.sandbox import Sandbox
from tools.lab.sandbox.warden import LOCK

DIRECTORY = Path(__file__).resolve().parents[3] / ".sandbox"
_END_SECONDS = 30
_POLL_SECONDS = 0.05


def up(directory: Path = DIRECTORY) -> None:
    """Bring a sandbox up that lives on, unless one is up already."""
    engine = ensure()
    with cache.exclusive(_lock(directory), "sandbox"):
        if (record := _living(directory)) is None:
            shutil.rmtree(directory, ignore_errors=True)
            with step("Starting the sandbox"):
                sandbox = Sandbox(engine, directory)
                sandbox.record.write()
                sandbox.keeper.detach()
            record = sandbox.record
    say(f"AWS (ministack) at {record.aws_endpoint}, Vault (OpenBao) at {record.vault_address}")
    say("They stay until `make sandbox-down`")
    say('Use it in this shell: eval "$(make -s sandbox-env)"')


def down(directory: Path = DIRECTORY) -> None:
    """Take the sandbox down and wait until nothing of it is left.

    Raises:
        LabError: it doesn't end.
    """
    with cache.exclusive(_lock(directory), "sandbox"):
        if (record := _living(directory)) is not None:
            os.kill(record.warden, signal.SIGTERM)
            deadline = time.monotonic() + _END_SECONDS
            while directory.exists():
                if time.monotonic() > deadline:
                    raise LabError(
                        f"sandbox in {directory}",
                        got=f"still there after {_END_SECONDS} s",
                        expected="its warden ends it",
                        fix=f"see {directory / 'warden.log'}; end process {record.warden} yourself",
                    )
                time.sleep(_POLL_SECONDS)
        shutil.rmtree(directory, ignore_errors=True)
    say("The sandbox is down; nothing of it is left")


def env(directory: Path = DIRECTORY) -> None:
    """Print what a shell needs to run plain `pulumi` commands against the sandbox.

    Raises:
        LabError: no sandbox is up.
    """
    record = _living(directory)
    if record is None:
        raise LabError("sandbox", got="none is up", expected="one that is up", fix="run `make sandbox-up` first")
    print(exports(record.environment(), record.path))


def exports(variables: Mapping[str, str], path: Iterable[str]) -> str:
    """The lines that a POSIX shell evaluates: foreign variables away, the sandbox's set, folders in front of PATH."""
    lines = ["unset " + " ".join(FOREIGN)]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    lines.append("export PATH=" + "".join(f"{shlex.quote(folder)}:" for folder in path) + '"$PATH"')
    return "\n".join(lines)


def _lock(directory: Path) -> Path:
    return cache.root() / "sandboxes" / f"{cache.digest({'directory': str(directory)})}.lock"


def _living(directory: Path) -> Record | None:
    """The record of a sandbox whose warden lives: it holds a lock for life."""
    record = Record.read(directory)
    if record is None:
        return None
    try:
        with (directory / LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return record
    except FileNotFoundError:
        return None
    return None
