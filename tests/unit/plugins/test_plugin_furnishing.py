"""A test plugin is put where a sandbox's engine looks, and nowhere else."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tools.lab.errors import LabError
from tools.plugins.furnishing import PLUGINS, furnish

NAME = "pulumi-resource-gcp"


def sandbox_home(folder: Path) -> Path:
    (folder / "servers.json").write_text("{}")
    return folder / "pulumi"


def test_the_plugin_stands_in_the_sandboxs_home_under_the_sdks_version(tmp_path: Path) -> None:
    home = sandbox_home(tmp_path)
    launchers = furnish(home)
    assert home / "plugins" / f"resource-gcp-v{version('pulumi-gcp')}" / NAME in launchers
    assert all(launcher.stat().st_mode & 0o111 for launcher in launchers)
    assert furnish(home) == launchers
    names = sorted(each.name for each in tmp_path.rglob("*") if each.is_file())
    assert names == sorted([*(f"pulumi-resource-{package}" for package in PLUGINS), "servers.json"])


def test_it_is_on_nobodys_path() -> None:
    assert shutil.which(NAME) is None
    assert shutil.which(NAME, path=str(Path(sys.executable).parent)) is None
    assert shutil.which("pulumi-resource-nhi", path=str(Path(sys.executable).parent)) is not None


def test_it_serves_from_any_folder_without_the_environments_help(tmp_path: Path) -> None:
    launcher = next(each for each in furnish(sandbox_home(tmp_path)) if each.name == NAME)
    with socket.socket() as engine:
        engine.bind(("127.0.0.1", 0))
        engine.listen()
        command = [str(launcher), f"127.0.0.1:{engine.getsockname()[1]}"]
        with subprocess.Popen(command, cwd=tmp_path, env={}, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            port = int(running.stdout.readline())
            with socket.create_connection(("127.0.0.1", port), timeout=10):
                running.kill()


@pytest.mark.parametrize("name", [".pulumi", "pulumi"])
def test_no_users_home_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    home = tmp_path / name
    (home / "plugins").mkdir(parents=True)
    monkeypatch.setenv("PULUMI_HOME", str(home))
    with pytest.raises(LabError, match="no sandbox's PULUMI_HOME"):
        furnish(home)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_a_folder_beside_a_sandboxs_home_is_none(tmp_path: Path) -> None:
    home = sandbox_home(tmp_path).with_name("elsewhere")
    with pytest.raises(LabError):
        furnish(home)
    assert not home.exists()
