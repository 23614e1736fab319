"""Runs the user's own `pulumi` for one stack: its configuration, its state, preview and up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nhi_components.core.errors import NhiError, Problem

_NOT_LOCKED = ("has already completed", "has never been updated")
"""What Pulumi Cloud answers to a cancellation when no update is under way; other backends answer nothing."""

_LOCKED = ("the stack is currently locked", "Another update is currently in progress")
"""What the backends of engine 3.220 answer while somebody else's update holds the stack."""

Listener = Callable[[str], None]
"""Is told each line that a long command prints, without its end."""


class EngineFailed(NhiError):
    """The engine is missing, or refused a command."""


class StackLocked(EngineFailed):
    """Somebody else's update holds the stack."""


def _ignore(_line: str) -> None:
    """Listen to nothing."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine, in one project.

    Attributes:
        directory: the project's folder.
        stack: the stack; None for the selected one.
        backend: the URL of the backend; None for the one that is logged in to.
    """

    directory: Path
    stack: str | None = None
    backend: str | None = None

    def export(self) -> dict[str, Any]:
        """Export the state; secrets stay encrypted."""
        state: dict[str, Any] = json.loads(self._run("stack", "export"))
        return state

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Put a state in its place."""
        self._run("stack", "import", given=json.dumps(state))

    def cancel(self) -> None:
        """Free the stack's lock, if it is held."""
        try:
            self._run("cancel", "--yes")
        except EngineFailed as failure:
            if not any(sign in str(failure) for sign in _NOT_LOCKED):
                raise

    def refresh(self, urns: Sequence[str]) -> None:
        """Read some resources afresh from their systems, each exactly as its URN says."""
        targets = [option for urn in urns for option in ("--target", urn)]
        self._run("refresh", "--yes", "--skip-preview", *targets)

    def stacks(self) -> list[str]:
        """Name every stack of the project."""
        listed: list[dict[str, Any]] = json.loads(self._run("stack", "ls", "--json", of_stack=False))
        return [each["name"] for each in listed]

    def every_stack(self) -> list[str]:
        """Name every stack of the backend with its organisation and project, `ORGANISATION/PROJECT/STACK`."""
        whole = ("stack", "ls", "--all", "--json", "--fully-qualify-stack-names")
        listed: list[dict[str, Any]] = json.loads(self._run(*whole, of_stack=False))
        return [each["name"] for each in listed]

    def who(self) -> str:
        """Tell whom the backend takes the user for."""
        return self._run("whoami", of_stack=False).strip()

    def where(self) -> str:
        """Tell the URL of the backend."""
        told: dict[str, Any] = json.loads(self._run("whoami", "--verbose", "--json", of_stack=False))
        return str(told.get("url") or "")

    def last_update(self) -> dict[str, Any]:
        """Tell of the stack's last update, with what the engine noted of its surroundings; empty without one."""
        listed: list[dict[str, Any]] = json.loads(self._run("stack", "history", "--json", "--page-size", "1"))
        return listed[0] if listed else {}

    def configured(self, key: str) -> Any:
        """Read a structure from the stack's configuration; None when it is not there.

        Raises:
            EngineFailed: it is encrypted, or no structure.
        """
        entry: dict[str, Any] | None = json.loads(self._run("config", "--json")).get(key)
        if entry is None:
            return None
        if entry.get("secret"):
            raise _unreadable(key, "an encrypted value")
        if "objectValue" in entry:
            return entry["objectValue"]
        try:
            return json.loads(entry["value"])
        except ValueError:
            raise _unreadable(key, "text that is no structure") from None

    def configure(self, key: str, value: Mapping[str, Any]) -> None:
        """Write a structure into the stack's configuration, in one step; texts stay texts, also those like `12345`."""
        entry = {"value": json.dumps(value), "objectValue": value, "secret": False}
        self._run("config", "set-all", "--json", json.dumps({key: entry}))

    def preview(self) -> list[dict[str, Any]]:
        """Tell the steps of an `up`, each with `op` and `urn`, and `oldState` and `newState` where there is one."""
        steps: list[dict[str, Any]] = json.loads(self._run("preview", "--json")).get("steps") or []
        return steps

    def up(self, *, refresh: bool = False, listener: Listener = _ignore) -> None:
        """Bring the stack to what its program and configuration say.

        Args:
            refresh: whether to read first how everything really is.
            listener: is told what the engine prints while it works.
        """
        self._run("up", "--yes", "--skip-preview", *(["--refresh"] if refresh else []), listener=listener)

    def _run(
        self, *command: str, given: str | None = None, of_stack: bool = True, listener: Listener | None = None
    ) -> str:
        executable = shutil.which("pulumi")
        if executable is None:
            problem = Problem("pulumi", "no such command on PATH", "the Pulumi CLI", "install it, or correct PATH")
            raise EngineFailed(str(problem))
        selected = ["--stack", self.stack] if self.stack and of_stack else []
        line = [executable, *command, *selected, "--non-interactive"]
        try:
            code, stdout, stderr = self._listening(line, listener) if listener else self._silently(line, given)
        except OSError as error:
            # Such as a configuration that is longer than a command line may be.
            raise _failure(command, "", error.strerror or type(error).__name__) from None
        if code:
            raise _failure(command, stdout, stderr)
        return stdout

    def _silently(self, line: Sequence[str], given: str | None) -> tuple[int, str, str]:
        env = self._environment()
        done = subprocess.run(
            line, cwd=self.directory, env=env, input=given, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    def _listening(self, line: Sequence[str], listener: Listener) -> tuple[int, str, str]:
        told: list[str] = []
        with subprocess.Popen(
            [*line, "--color", "never"],
            cwd=self.directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:
            for each in running.stdout or ():
                told.append(each)
                listener(each.rstrip("\n"))
        return running.returncode, "".join(told), ""

    def _environment(self) -> dict[str, str] | None:
        """Choose the backend; None for the process's own environment."""
        return {**os.environ, "PULUMI_BACKEND_URL": self.backend} if self.backend else None


def _failure(command: Sequence[str], stdout: str, stderr: str) -> EngineFailed:
    got = _diagnosed(stdout) or (stderr or stdout).strip()
    place = f"pulumi {' '.join(part for part in command if not part.startswith('{'))}"
    if any(sign in got for sign in _LOCKED):
        fix = "wait until that update has ended; if it was killed, run `nhi repair`"
        return StackLocked(str(Problem(place, got, "a stack that nobody else is updating", fix)))
    fix = "select a stack with `pulumi stack select`, or mend what it says"
    return EngineFailed(str(Problem(place, got, "success", fix)))


def _diagnosed(stdout: str) -> str:
    """Take the errors from what a command with `--json` prints; empty for any other output."""
    try:
        told = json.loads(stdout).get("diagnostics") or []
    except (ValueError, AttributeError):
        return ""
    return "\n".join(each["message"].strip() for each in told if each.get("severity") == "error")


def _unreadable(key: str, got: str) -> EngineFailed:
    fix = f"write it anew as plain structure: `pulumi config rm {key}`, then what it said"
    return EngineFailed(str(Problem(f"configuration {key}", got, "a plain structure", fix)))
