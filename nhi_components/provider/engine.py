"""Runs the user's own `pulumi` for one stack: cancel, export, import."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nhi_components.core.errors import NhiError, Problem


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
        """Free the stack's lock."""
        self._run("cancel", "--yes")

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
