"""Fuzzes every target for some seconds: `python -m tools.fuzz SECONDS [TARGET …]`; what fails stays in a folder."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import CORPUS, TARGETS, seeds

LONGEST = 4096
SLOWEST = 10
"""Seconds that one input may take before it counts as a hang."""


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target; an input that fails it is kept in the corpus and told."""
    kept = CORPUS / name
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds(name):
            (Path(folder) / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={SLOWEST}", "-verbosity=0"]
        command = [sys.executable, "-m", "tools.fuzz.target", name, *options, f"-artifact_prefix={kept}/", folder]
        good = subprocess.run(command, check=False).returncode == 0
    if not any(kept.iterdir()):
        kept.rmdir()
    print(f"{name}: {'nothing found' if good else f'failed; the input is in {kept}'}", flush=True)
    return good


def main() -> int:
    seconds, *names = sys.argv[1:]
    good = [fuzz(name, int(seconds)) for name in names or TARGETS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
