"""Drive plain `pulumi` commands on a project, as a person in a shell would, and see what comes of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

COMMAND_SECONDS = 600
_PROC = Path("/proc")
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Run:
    """What a command did.

    Attributes:
        command: its arguments.
        code: its exit status.
        stdout: what it printed.
        stderr: what it printed on standard error.
        seconds: how long it took.
    """

    command: tuple[str, ...]
    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def text(self) -> str:
        """All that it printed."""
        return self.stdout + self.stderr


class CommandFailedError(Exception):
    """A command failed that should not have; the message holds what it printed.

    Attributes:
        run: what it did.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        super().__init__(f"{' '.join(run.command)}: exit status {run.code} after {run.seconds:.1f} s\n{run.text}")


class Running:
    """A command under way, which may be killed at any point.

    Attributes:
        process: the command itself; what it prints goes to `log`.
        log: a file.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    def tree(self) -> dict[int, str]:
        """Command lines of the process and all that descend from it, by process id. Linux only."""
        parents: dict[int, int] = {}
        for folder in _PROC.glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(folder.name)] = int(fields[1])
        family = [self.process.pid]
        for member in family:
            family += [child for child, parent in parents.items() if parent == member]
        return {member: _command_line(member) for member in family}

    def kill(self, part: str = "") -> list[int]:
        """Send SIGKILL to every process of the tree whose command line contains `part`; return their ids."""
        victims = [number for number, line in self.tree().items() if part in line]
        for number in victims:
            os.kill(number, signal.SIGKILL)
        return victims

    def wait(self, timeout: float = COMMAND_SECONDS) -> int:
        """Wait for its end and return its exit status."""
        return self.process.wait(timeout)


class Project:
    """A Pulumi project with one stack.

    Args:
        directory: its folder; made when it doesn't exist.
        environment: the whole environment of the commands, such as `Sandbox.environment()`.
        name: the project's name.
        stack: the stack's name; the stack is made with the first command.
        runtime: options of the Python runtime, such as `{"virtualenv": "/some/venv"}`; none by default, so
            that the interpreter on PATH is used.
    """

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str],
        *,
        name: str = "trial",
        stack: str = "dev",
        runtime: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.environment = dict(environment)
        self.name = name
        self.stack = stack
        directory.mkdir(parents=True, exist_ok=True)
        options = dict(runtime or {})
        # JSON is YAML: no writer of YAML is needed.
        self.write({"Pulumi.yaml": json.dumps({"name": name, "runtime": {"name": "python", "options": options}})})
        self._made = False

    def write(self, files: Mapping[str, str]) -> None:
        """Write files of the project: text by path, `__main__.py` for the program."""
        for path, text in files.items():
            file = self.directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def preview(self, *arguments: str, check: bool = True, **environment: str) -> Run:
        """Run `pulumi preview`; see `pulumi`."""
        return self.pulumi("preview", *arguments, check=check, **environment)

    def up(self, *arguments: str, check: bool = True, **environment: str) -> Run:
        """Run `pulumi up` without the preview; see `pulumi`."""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, check=check, **environment)

    def destroy(self, *arguments: str, check: bool = True, **environment: str) -> Run:
        """Run `pulumi destroy` without the preview; see `pulumi`."""
        return self.pulumi("destroy", "--yes", "--skip-preview", *arguments, check=check, **environment)

    def refresh(self, *arguments: str, check: bool = True, **environment: str) -> Run:
        """Run `pulumi refresh` without the preview; see `pulumi`."""
        return self.pulumi("refresh", "--yes", "--skip-preview", *arguments, check=check, **environment)

    def export(self, *arguments: str) -> dict[str, Any]:
        """The stack's state as `pulumi stack export` prints it."""
        state: dict[str, Any] = json.loads(self.pulumi("stack", "export", *arguments).stdout)
        return state

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the stack's state; none for a stack without any."""
        self._have_stack()
        # As `pulumi stack export` prints it, without a process for it.
        state = json.loads(self.state_file.read_text())
        found: list[dict[str, Any]] = (state["checkpoint"].get("latest") or {}).get("resources") or []
        return found

    @property
    def state_file(self) -> Path:
        """Where the backend keeps the stack's state."""
        place = Path(urlsplit(self.environment["PULUMI_BACKEND_URL"]).path) / ".pulumi" / "stacks"
        return place / self.name / f"{self.stack}.json"

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secret ones masked, as `pulumi stack output --json` prints them."""
        stacks = (each for each in self.resources() if each["type"] == "pulumi:pulumi:Stack")
        found: dict[str, Any] = next(stacks, {}).get("outputs", {})
        return {name: _masked(value) for name, value in found.items()}

    def pulumi(self, *arguments: str, check: bool = True, **environment: str) -> Run:
        """Run a command on the stack.

        Args:
            arguments: the command and its arguments.
            check: whether a failure raises.
            environment: further variables for this command alone.

        Raises:
            CommandFailedError: it failed and `check` is set.
            subprocess.TimeoutExpired: it took longer than COMMAND_SECONDS.
        """
        self._have_stack()
        return self._run(self._command(arguments), check, environment)

    def begin(self, *arguments: str, **environment: str) -> Running:
        """Start a command and return at once; its output goes to a file."""
        self._have_stack()
        log = self.directory / f"{arguments[0]}-{time.monotonic_ns()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._command(arguments),
                cwd=self.directory,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        return Running(process, log)

    def _have_stack(self) -> None:
        if not self._made:
            self._made = True
            self._run(("pulumi", "stack", "select", "--create", self.stack, "--non-interactive"))

    def _command(self, arguments: tuple[str, ...]) -> tuple[str, ...]:
        return ("pulumi", *arguments, "--stack", self.stack, "--non-interactive", "--color", "never")

    def _run(self, command: tuple[str, ...], check: bool = True, environment: Mapping[str, str] = _NOTHING) -> Run:
        started = time.monotonic()
        done = subprocess.run(
            command,
            cwd=self.directory,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        run = Run(command, done.returncode, done.stdout, done.stderr, time.monotonic() - started)
        if check and run.code != 0:
            raise CommandFailedError(run)
        return run


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(each) for each in value]
    if not isinstance(value, dict):
        return value
    # The mark by which the engine knows a secret in its state (Pulumi SDK, `_special_sig_key`).
    is_secret = value.get("4dabf18193072939515e22adb298388d") == "1b47061264138c4ac30d75fd1eb44270"
    return "[secret]" if is_secret else {name: _masked(each) for name, each in value.items()}


def _command_line(process: int) -> str:
    try:
        return (_PROC / str(process) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
