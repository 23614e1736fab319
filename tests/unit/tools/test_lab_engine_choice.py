"""Which engine is used, and that the laboratory's own never stands in the user's way."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.lab import cache
from tools.lab.engine import gobuild, official, pins
from tools.lab.engine.ensure import ensure
from tools.lab.engine.parts import ENGINE_PARTS, PLUGIN_PARTS, GoPart
from tools.lab.errors import LabError


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """No official release can be had, and Go builds are scripts that answer; returns what was built."""
    built: list[str] = []

    def build(part: GoPart, target: Path, log: Path) -> None:
        built.append(part.program)
        (target / part.program).write_text(f"#!/bin/sh\necho v{pins.ENGINE}\n")
        (target / part.program).chmod(0o755)

    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "users-pulumi-home"))
    monkeypatch.setattr(official, "unreachable", lambda url: "no network")
    monkeypatch.setattr(gobuild, "build", build)
    versions = {pin.executable: pin.version for pin in pins.PLUGINS}
    monkeypatch.setattr("tools.lab.engine.verify.provider_version", lambda path: versions[path.name])
    monkeypatch.setattr("tools.lab.engine.verify.language_host_version", lambda path: pins.LANGUAGE_HOST)
    return built


def test_a_suitable_pulumi_on_path_is_used_and_not_shadowed(
    offline: list[str], users_pulumi: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = users_pulumi("3.231.4")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    engine = ensure(tmp_path / "cache")
    assert engine.pulumi == folder / "pulumi"
    assert engine.version == "3.231.4"
    assert engine.path_entries == ()
    assert offline == [pin.executable for pin in pins.PLUGINS]


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("3.219.9", "expected at least 3.220.0"),
        ("4.0.0", "below 4.0.0"),
        ("3.240.0-alpha.1", "not a release"),
        ("", "not a release"),
    ],
)
def test_an_unsuitable_pulumi_is_passed_over_with_a_reason(
    offline: list[str],
    users_pulumi: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    version: str,
    reason: str,
) -> None:
    monkeypatch.setenv("PATH", f"{users_pulumi(version)}:/usr/bin:/bin")
    engine = ensure(tmp_path / "cache")
    assert engine.own
    assert engine.path_entries == (engine.pulumi.parent,)
    assert capsys.readouterr().err.count(reason) == 1


def test_a_pulumi_without_its_python_host_is_passed_over(users_pulumi: Callable[..., Path], tmp_path: Path) -> None:
    bare = users_pulumi("3.220.0", host=False)
    assert "pulumi-language-python" in (official.unsuitable(bare / "pulumi", "3.220.0") or "")
    assert official.on_path(str(bare), tmp_path / "cache") is None


def test_a_pulumi_that_does_not_run_is_passed_over(users_pulumi: Callable[..., Path], tmp_path: Path) -> None:
    broken = users_pulumi("3.220.0")
    (broken / "pulumi").write_text("#!/bin/sh\nexit 1\n")
    assert official.on_path(str(broken), tmp_path / "cache") is None


def test_the_laboratorys_own_engine_on_path_is_not_taken_for_the_users(
    users_pulumi: Callable[..., Path], tmp_path: Path
) -> None:
    own = users_pulumi("3.220.0", folder="cache")
    users = users_pulumi("3.225.0")
    assert official.on_path(str(own), own) is None
    assert official.on_path(os.pathsep.join(map(str, (own, users))), own) == (users / "pulumi", "3.225.0")


def test_a_plugin_in_the_users_cache_is_used_but_a_link_to_our_own_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pin = pins.PLUGINS[0]
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    plugin = tmp_path / "plugins" / pin.folder / pin.executable
    assert official.in_users_cache(pin, tmp_path / "own") is None
    plugin.parent.mkdir(parents=True)
    plugin.touch()
    assert official.in_users_cache(pin, tmp_path / "own") == plugin
    ours = tmp_path / "own" / pin.executable
    ours.parent.mkdir()
    plugin.rename(ours)
    plugin.symlink_to(ours)
    assert official.in_users_cache(pin, tmp_path / "own") is None


def test_parts_are_built_once_and_a_missing_one_alone_is_built_again(offline: list[str], tmp_path: Path) -> None:
    root = tmp_path / "cache"
    first = ensure(root)
    everything = [part.program for part in ENGINE_PARTS] + [pin.executable for pin in pins.PLUGINS]
    assert offline == everything
    assert sorted(file.name for file in first.pulumi.parent.iterdir()) == [
        cache.MANIFEST,
        *sorted(part.program for part in ENGINE_PARTS),
    ]
    ensure(root)
    assert offline == everything
    shutil.rmtree(root / "parts" / PLUGIN_PARTS[pins.PLUGINS[1]].key)
    assert ensure(root) == first
    assert offline == [*everything, pins.PLUGINS[1].executable]


def test_a_program_that_reports_another_version_is_refused_and_removed(
    offline: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tools.lab.engine.verify.provider_version", lambda path: "1.0.0")
    with pytest.raises(LabError, match=r"version 1\.0\.0"):
        ensure(tmp_path)
    assert not (tmp_path / "parts" / PLUGIN_PARTS[pins.PLUGINS[0]].key).exists()


def test_without_go_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError) as raised:
        gobuild.require_go(PLUGIN_PARTS[pins.PLUGINS[0]])
    problem = raised.value.problem
    assert "no `go` on PATH" in problem.got
    assert "Go 1." in problem.expected
    assert "https://go.dev/dl" in problem.fix


def test_a_go_that_is_too_old_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "go").write_text("#!/bin/sh\necho 'go: go.mod requires go >= 1.26 (running go 1.19)' >&2\nexit 1\n")
    (tmp_path / "go").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match=r"running go 1\.19"):
        gobuild.require_go(ENGINE_PARTS[0])


def test_a_failed_build_shows_the_end_of_its_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "go").write_text('#!/bin/sh\n[ "$1" = version ] && exit 0\necho no space left on device >&2\nexit 2\n')
    (tmp_path / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(LabError, match="no space left on device"):
        gobuild.build(ENGINE_PARTS[0], tmp_path, tmp_path / "log")


def test_pins_agree_with_the_locked_sdks_and_tokens() -> None:
    lock = (Path(__file__).parents[3] / "requirements.lock").read_text()
    for pin in pins.PLUGINS:
        assert f"pulumi-{pin.name}=={pin.version} " in lock
