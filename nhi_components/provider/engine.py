"""Runs the user's own `pulumi` for one stack: cancel, export, import."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nhi_components.core.errors import NhiError, Problem

_NOT_LOCKED = ("has already completed", "has never been updated")
"""What Pulumi Cloud answers to a cancellation when no update is under way; other backends answer nothing."""


class EngineFailed(NhiError):
    """The engine is missing, or refused a command."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine, in one project.

    Attributes:
        directory: the project's folder.
        stack: the stack; None for the selected one.
    """

    directory: Path
    stack: str | None = None

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

    def _run(self, *command: str, given: str | None = None) -> str:
        executable = shutil.which("pulumi")
        if executable is None:
            problem = Problem("pulumi", "no such command on PATH", "the Pulumi CLI", "install it, or correct PATH")
            raise EngineFailed(str(problem))
        selected = ["--stack", self.stack] if self.stack else []
        done = subprocess.run(
            [executable, *command, *selected, "--non-interactive"],
            cwd=self.directory,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            got = (done.stderr or done.stdout).strip()
            fix = "select a stack with `pulumi stack select`, or mend what it says"
            raise EngineFailed(str(Problem(f"pulumi {' '.join(command)}", got, "success", fix)))
        return done.stdout
