"""The Python that runs programs in a sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tools.lab.sandbox.interpreter import write_launcher

LIST = ("-m", "pip", "list", "-v", "--format", "json")
PROGRAM = "import gc, os, sys; print(sys.prefix, sys.argv[1:], gc.get_threshold()[0], os.environ['PYTHONPATH'])"


def run(launcher: Path, *arguments: str, **environment: str) -> str:
    given = {**os.environ, **environment}
    done = subprocess.run([launcher, *arguments], env=given, capture_output=True, text=True, check=True)
    return done.stdout


def test_pip_is_asked_once_and_its_answer_repeated(tmp_path: Path) -> None:
    launcher = write_launcher(tmp_path / "py th")
    first = run(launcher, *LIST)
    assert {"pulumi", "nhi-components"} <= {package["name"] for package in json.loads(first)}
    assert json.loads(first) == json.loads(run(Path(sys.executable), *LIST))
    kept = tmp_path / "py th" / "packages.json"
    kept.write_text("[]")
    assert run(launcher, *LIST) == "[]"
    assert "pulumi" in run(launcher, "-m", "pip", "list", "--format", "json")


def test_a_program_has_this_interpreter_its_arguments_and_its_own_path(tmp_path: Path) -> None:
    launcher = write_launcher(tmp_path / "python")
    told = run(launcher, "-u", "-c", PROGRAM, "a b", "", PYTHONPATH="/of/its/own")
    assert told == f"{sys.prefix} ['a b', ''] 50000 {tmp_path / 'python'}:/of/its/own\n"
