"""A browser: the one of this machine, else the one of its packages, else what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.lab import browser
from tools.lab.errors import LabError


def program(folder: Path, name: str, script: str = "exit 0") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return folder / name


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it but what a test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_a_browser_that_is_there_is_taken(path: Path) -> None:
    installed = program(path, "google-chrome")
    program(path, "apt-get", "exit 1")
    assert browser.ensure() == installed


def test_a_missing_one_is_installed_by_root_also_where_the_lists_are_old(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    log = tmp_path / "log"
    works = f'printf "#!/bin/sh\\n" > {path}/chromium; /bin/chmod +x {path}/chromium'
    program(
        path,
        "apt-get",
        f'echo "$DEBIAN_FRONTEND $*" >> {log}\n[ "$1" = update ] && exit 0\n'
        f'[ "$(/usr/bin/wc -l < {log})" -eq 1 ] && exit 100\n{works}',
    )
    assert browser.ensure() == path / "chromium"
    install = "noninteractive install -y --no-install-recommends chromium"
    assert log.read_text().splitlines() == [install, "noninteractive update", install]


def test_who_may_not_install_is_told_what_to_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path, "apt-get", "exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match="apt-get install --no-install-recommends chromium"):
        browser.ensure()


def test_an_installation_that_fails_tells_why(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path, "apt-get", "echo no route to the packages >&2; exit 100")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(LabError, match="no route to the packages"):
        browser.ensure()
