"""Google's own clients work against the double; in a process of their own.

Google's protocol buffers and Pulumi's both define `google.rpc.Status`, and one process can't hold both.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

CASES = Path(__file__).with_name("google_clients.py")
ROOT = Path(__file__).parents[3]


def test_googles_own_clients_work_against_the_double() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(CASES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout
    (passed,) = re.findall(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert int(passed) >= CASES.read_text().count("\ndef test_") > 10
