"""What holds for every test.

Python never looks for garbage in what collection made, as all of it stays to the end. What no test gives a place, such
as evidence, goes into a state directory of the session's own, never into that of the user.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile

import pytest

from nhi_components.garbage import collect_rarely

collect_rarely()

_state = tempfile.mkdtemp(prefix="nhi-state-")
os.environ["XDG_STATE_HOME"] = _state


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(_state, ignore_errors=True)


def pytest_collection_finish() -> None:
    gc.freeze()
