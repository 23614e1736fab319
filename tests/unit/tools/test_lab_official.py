"""The official releases: taken when they can be had, passed over with a reason and without delay when not."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pulumi.automation
import pytest

from tools.lab.engine import gobuild, official, pins
from tools.lab.engine.ensure import ensure

INSTALLS_A_PLUGIN = """#!/bin/sh
[ "$1" = version ] && {{ echo v{version}; exit 0; }}
[ "$2" = install ] || exit 1
mkdir -p "$PULUMI_HOME/plugins/$3-$4-v$5" && touch "$PULUMI_HOME/plugins/$3-$4-v$5/pulumi-$3-$4"
"""


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The official site answers, its installer installs a script, and nothing can be built."""

    def install(root: str, version: object) -> None:
        assert str(version) == pins.ENGINE
        program = Path(root) / "bin" / "pulumi"
        program.parent.mkdir()
        program.write_text(INSTALLS_A_PLUGIN.format(version=version))
        program.chmod(0o755)

    def refuse(*_: object) -> None:
        raise AssertionError("nothing needs to be built")

    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "users-pulumi-home"))
    monkeypatch.setattr(official, "unreachable", lambda url: None)
    monkeypatch.setattr(pulumi.automation.PulumiCommand, "install", install)
    monkeypatch.setattr(gobuild, "build", refuse)
    versions = {pin.executable: pin.version for pin in pins.PLUGINS}
    monkeypatch.setattr("tools.lab.engine.verify.provider_version", lambda path: versions[path.name])


@pytest.mark.usefixtures("online")
def test_official_releases_are_taken_when_they_can_be_had(tmp_path: Path) -> None:
    root = tmp_path / "cache"
    engine = ensure(root)
    assert engine.origin == "official release"
    assert engine.own
    assert all("official" in str(path) and path.is_file() for path in engine.plugins.values())
    assert not (tmp_path / "users-pulumi-home").exists()
    assert ensure(root) == engine


@pytest.mark.usefixtures("online")
def test_an_installer_that_fails_is_a_reason_to_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(root: str, version: object) -> None:
        raise subprocess.CalledProcessError(7, "install.sh")

    monkeypatch.setattr(pulumi.automation.PulumiCommand, "install", fail)
    reason = official.install_engine(tmp_path)
    assert reason is not None
    assert "exit status 7" in reason


def test_an_official_plugin_that_cannot_be_downloaded_is_a_reason(
    users_pulumi: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pulumi_ = users_pulumi("3.220.0") / "pulumi"
    pulumi_.write_text("#!/bin/sh\nexit 3\n")
    monkeypatch.setattr(official, "unreachable", lambda url: None)
    reason = official.install_plugin(pulumi_, pins.PLUGINS[0], tmp_path)
    assert reason is not None
    assert "exit status 3" in reason


def test_a_site_that_does_not_answer_is_told_at_once() -> None:
    started = time.monotonic()
    assert official.unreachable("http://127.0.0.1:9/install.sh") is not None
    assert time.monotonic() - started < official.PROBE_SECONDS + 1
