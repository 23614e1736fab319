"""The plugin's launchers: what is in them, where they lie, repetition, earlier releases."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from nhi_components.provider.installation import RELEASES, install, pulumi_home
from nhi_components.version import VERSION

STATES = Path(__file__).parents[2] / "fixtures" / "states"


def test_the_launcher_runs_the_interpreter_by_its_absolute_path(tmp_path: Path) -> None:
    done = install(tmp_path, Path("/opt/with space/bin/python"), windows=False)
    assert done.launcher == tmp_path / "plugins" / f"resource-nhi-v{VERSION}" / "pulumi-resource-nhi"
    assert done.launcher.read_text() == (
        "#!/bin/sh\nexec '/opt/with space/bin/python' -m nhi_components.provider.main \"$@\"\n"
    )
    assert os.access(done.launcher, os.X_OK)


def test_the_launcher_starts_the_plugin_from_an_empty_environment(tmp_path: Path) -> None:
    launcher = install(tmp_path).launcher
    told = subprocess.run([launcher, "--help"], env={}, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "pulumi-resource-nhi" in told.stdout


def test_on_windows_it_is_a_command_file_with_its_line_ending(tmp_path: Path) -> None:
    python = Path(r"C:\100% mine\python.exe")
    done = install(tmp_path, python, windows=True)
    assert done.launcher.name == "pulumi-resource-nhi.cmd"
    written = str(python.absolute()).replace("%", "%%")
    assert done.launcher.read_bytes() == f'@"{written}" -m nhi_components.provider.main %*\r\n'.encode()
    assert not install(tmp_path, python, windows=True).changed


def test_a_repetition_changes_nothing_and_another_interpreter_takes_over(tmp_path: Path) -> None:
    assert install(tmp_path, Path("/one/python")).changed
    assert not install(tmp_path, Path("/one/python")).changed
    done = install(tmp_path, Path("/two/python"))
    assert done.changed
    assert "/two/python" in done.launcher.read_text()
    assert [file.name for file in done.launcher.parent.iterdir()] == [done.launcher.name]


def test_it_is_registered_for_the_states_of_earlier_releases(tmp_path: Path) -> None:
    done = install(tmp_path, releases=("0.0.9", VERSION))
    earlier = tmp_path / "plugins" / "resource-nhi-v0.0.9" / done.launcher.name
    assert earlier.read_bytes() == done.launcher.read_bytes()


def test_every_release_that_left_a_state_is_registered() -> None:
    assert {folder.name.partition("-schema-")[0] for folder in STATES.iterdir()} <= set(RELEASES)
    assert RELEASES[-1] == VERSION


def test_pulumis_home_is_where_pulumi_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", "/somewhere")
    assert pulumi_home() == Path("/somewhere")
    monkeypatch.delenv("PULUMI_HOME")
    assert pulumi_home() == Path.home() / ".pulumi"
