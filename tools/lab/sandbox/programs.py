"""The sandbox's servers as programs, in a virtual environment of their own: the emulator pins its own botocore."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from tools.lab import cache
from tools.lab.console import step
from tools.lab.engine import pins
from tools.lab.errors import LabError

LOCK = Path(__file__).resolve().parents[2] / "sandbox" / "requirements.lock"
_COMPLETE = "complete"


def ensure(root: Path | None = None) -> Path:
    """Return the folder with the servers' executables, such as `bao`; install them when they are missing.

    Args:
        root: the laboratory's cache; the user's by default.

    Raises:
        LabError: they can't be installed.
    """
    root = (root or cache.root()).resolve()
    values = {"python": f"{sys.version_info[0]}.{sys.version_info[1]}", "platform": pins.platform_key()}
    folder = root / "sandbox" / cache.digest(values, [LOCK], LOCK.parent)
    if not (folder / _COMPLETE).exists():
        with cache.exclusive(root / "sandbox.lock", "sandbox"):
            if not (folder / _COMPLETE).exists():
                _install(folder)
    return folder / "bin"


def _install(folder: Path) -> None:
    """Install in place, as scripts carry the absolute path of their interpreter; the marker comes last."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
    with step("Installing the sandbox's servers (OpenBao, ministack, moto, PostgreSQL)"):
        venv.create(folder, with_pip=True)
        installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        raise LabError(
            "the sandbox's servers",
            got=f"pip: {installed.stderr.strip()[-800:]}",
            expected=f"the packages of {LOCK.name}, with these hashes, from your package index",
            fix="check pip's index and connection, then run it again",
        )
    (folder / _COMPLETE).touch()
