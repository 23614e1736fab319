"""Virtual environments of the judges that others made, each with its own versions."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from tools.lab import cache
from tools.lab.console import step
from tools.lab.errors import LabError

RUNNERS = Path(__file__).parent / "runners"
_COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Peer:
    """A judge of policy documents that others made.

    Attributes:
        name: how the report calls it.
        requirements: its packages, with their versions.
        runner: the program below `runners` that drives it.
        sample: how many documents it is given; the slow ones get a part of the set.
    """

    name: str
    requirements: tuple[str, ...]
    runner: str
    sample: int | None = None


FASTEST = Peer("iam-policy-validator", ("iam-policy-validator==1.31.4",), "iam_policy_validator.py")
SLOWER = (
    Peer("cloudsplaining", ("cloudsplaining==0.9.1",), "cloudsplaining.py", sample=200),
    Peer("parliament", ("parliament==1.6.4", "setuptools==80.9.0"), "parliament.py", sample=20),
)


def interpreter(peer: Peer, root: Path | None = None) -> Path:
    """Return the Python of a peer's environment; make the environment when it is missing.

    Args:
        peer: whose.
        root: the laboratory's cache; the user's by default.

    Raises:
        LabError: its packages can't be installed.
    """
    root = (root or cache.root()).resolve()
    key = cache.digest({"python": sys.version, "requirements": " ".join(peer.requirements)})
    folder = root / "peers" / f"{peer.name}-{key}"
    if not (folder / _COMPLETE).exists():
        with cache.exclusive(root / "peers.lock", peer.name):
            if not (folder / _COMPLETE).exists():
                _install(peer, folder)
    return folder / "bin" / "python"


def _install(peer: Peer, folder: Path) -> None:
    """Install in place; the marker comes last, so that a run that was killed starts anew."""
    shutil.rmtree(folder, ignore_errors=True)
    with step(f"Installing {peer.name} into an environment of its own"):
        venv.create(folder, with_pip=True)
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *peer.requirements]
        installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        raise LabError(
            f"the environment of {peer.name}",
            got=f"pip: {installed.stderr.strip()[-800:]}",
            expected=f"{', '.join(peer.requirements)} from your package index",
            fix="check pip's index and connection, then run it again",
        )
    (folder / _COMPLETE).touch()
