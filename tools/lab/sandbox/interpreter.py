"""The Python that runs programs in a sandbox: this project's own, with less to do at each start.

Before each command the language host asks pip what is installed, which takes as long as the program's own imports.
Here pip is asked once a sandbox, and what it said is repeated. And Python looks for garbage seldom.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

VARIABLE = "PULUMI_PYTHON_CMD"
"""Names the interpreter to the language host, unless a project has a `virtualenv:` of its own."""

_LAUNCHER = """\
#!/bin/sh
if [ "$*" = "-m pip list -v --format json" ]; then
    if [ ! -e {listed} ]; then
        {python} "$@" >{listed}.$$ || exit
        mv {listed}.$$ {listed}
    fi
    exec cat {listed}
fi
PYTHONPATH={folder}${{PYTHONPATH:+:$PYTHONPATH}} exec {python} "$@"
"""
_AT_START = """\
import atexit
import gc

gc.set_threshold(50_000, 10, 10)
atexit.register(gc.freeze)
"""


def write_launcher(folder: Path) -> Path:
    """Write the launcher into a new folder, and return it."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_AT_START)
    launcher = folder / "python"
    places = {"python": Path(sys.executable), "folder": folder, "listed": folder / "packages.json"}
    launcher.write_text(_LAUNCHER.format(**{name: shlex.quote(str(place)) for name, place in places.items()}))
    launcher.chmod(0o755)
    return launcher
