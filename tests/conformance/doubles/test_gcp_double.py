"""Google's own clients work against the double; in a process of their own.

Google's protocol buffers and Pulumi's both define `google.rpc.Status`, and one process can't hold both.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("name", "least"), [("google_clients.py", 11), ("google_clients_iam.py", 9)])
def test_googles_own_clients_work_against_the_double(name: str, least: int) -> None:
    cases = HERE / name
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(cases)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout
    (passed,) = re.findall(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert int(passed) >= cases.read_text().count("\ndef test_") >= least
