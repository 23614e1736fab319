"""A browser for tests of pages: Chromium of this machine, or of Debian's packages; none of a test library's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tools.lab.console import step
from tools.lab.errors import LabError

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_INSTALL = ("apt-get", "install", "-y", "--no-install-recommends", "chromium")
_UPDATE = ("apt-get", "update")


def ensure() -> Path:
    """Give the program of a Chromium; install it from the packages of the system when that is missing.

    Raises:
        LabError: there is none, and it can't be installed here.
    """
    if found := find():
        return found
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise _missing("none of " + ", ".join(_NAMES))
    with step("Installing Chromium"):
        # The lists of packages may be missing or old, so that what they name is no longer there.
        problem = _run(_INSTALL) and (_run(_UPDATE) or _run(_INSTALL))
    if found := find():
        return found
    raise _missing(f"apt-get: {problem[-800:]}")


def find() -> Path | None:
    """Give the program of a Chromium that is on PATH; None when there is none."""
    return next((Path(found) for name in _NAMES if (found := shutil.which(name))), None)


def _run(command: tuple[str, ...]) -> str:
    """Run a command, and give what was wrong; empty when nothing was."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else ""


def _missing(got: str) -> LabError:
    return LabError(
        "a browser",
        got=got,
        expected="Chromium on PATH, for the tests of pages",
        fix="as root: apt-get install --no-install-recommends chromium; elsewhere install Chromium or Chrome",
    )
