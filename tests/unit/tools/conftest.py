"""Programs that stand for a user's `pulumi`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def users_pulumi(tmp_path: Path) -> Callable[..., Path]:
    """`users_pulumi("3.230.0")`: a folder with a `pulumi` of that version and, by default, its Python host."""

    def make(version: str, *, host: bool = True, folder: str = "users") -> Path:
        place = tmp_path / folder
        place.mkdir()
        for name in ["pulumi", *(["pulumi-language-python", "pulumi-language-python-exec"] if host else [])]:
            (place / name).write_text(f"#!/bin/sh\necho v{version}\n")
            (place / name).chmod(0o755)
        return place

    return make
