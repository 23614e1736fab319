"""The commands that a repair gives to the user's own `pulumi`, and what becomes of their failures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nhi_components.provider.engine import Engine, EngineFailed

_PULUMI = """#!/bin/sh
echo "$@" >> "{log}"
cat >> "{given}"
printf '%s' '{stdout}'
printf '%s' '{stderr}' >&2
exit {code}
"""


class Fake:
    """A `pulumi` that notes what it is asked and answers what the test says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def answers(self, stdout: str = "", stderr: str = "", code: int = 0) -> None:
        script = self._folder / "pulumi"
        places = {"log": self._folder / "log", "given": self._folder / "given"}
        script.write_text(_PULUMI.format(stdout=stdout, stderr=stderr, code=code, **places))
        script.chmod(0o755)

    @property
    def asked(self) -> list[str]:
        return (self._folder / "log").read_text().splitlines()

    @property
    def given(self) -> str:
        return (self._folder / "given").read_text()


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return Fake(folder)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path, "dev")


def test_a_state_goes_out_and_comes_back(pulumi: Fake, engine: Engine) -> None:
    pulumi.answers('{"version": 3}')
    assert engine.export() == {"version": 3}
    engine.import_state({"version": 3, "deployment": {}})
    assert pulumi.asked == [
        "stack export --stack dev --non-interactive",
        "stack import --stack dev --non-interactive",
    ]
    assert json.loads(pulumi.given) == {"version": 3, "deployment": {}}


def test_a_refresh_reads_exactly_what_is_named(pulumi: Fake, engine: Engine) -> None:
    pulumi.answers()
    engine.refresh(["urn:a", "urn:b"])
    assert pulumi.asked == ["refresh --yes --skip-preview --target urn:a --target urn:b --stack dev --non-interactive"]


def test_without_a_stack_the_selected_one_is_meant(pulumi: Fake, tmp_path: Path) -> None:
    pulumi.answers()
    Engine(tmp_path).cancel()
    assert pulumi.asked == ["cancel --yes --non-interactive"]


@pytest.mark.parametrize(
    "told", ["error: [409] Conflict: The Update has already completed", "error: stack dev has never been updated"]
)
def test_a_lock_that_nobody_holds_needs_no_freeing(pulumi: Fake, engine: Engine, told: str) -> None:
    pulumi.answers(stderr=told, code=255)
    engine.cancel()


def test_any_other_failure_is_told_as_the_engine_tells_it(pulumi: Fake, engine: Engine) -> None:
    pulumi.answers(stderr="error: no stack named dev", code=255)
    for command in (engine.cancel, engine.export, lambda: engine.refresh(["urn:a"])):
        with pytest.raises(EngineFailed, match="no stack named dev"):
            command()


def test_no_engine_is_one_clear_error(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineFailed, match="no such command on PATH"):
        engine.export()
