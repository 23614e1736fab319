"""The commands that are given to the user's own `pulumi`, and what becomes of their failures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nhi_components.provider.engine import Engine, EngineFailed, StackLocked

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


def test_an_up_is_told_line_by_line_and_refreshes_only_when_asked(pulumi: Fake, engine: Engine) -> None:
    pulumi.answers("Updating (dev)\nResources:\n")
    heard: list[str] = []
    engine.up(listener=heard.append)
    engine.up(refresh=True)
    assert heard == ["Updating (dev)", "Resources:"]
    assert pulumi.asked == [
        "up --yes --skip-preview --stack dev --non-interactive --color never",
        "up --yes --skip-preview --refresh --stack dev --non-interactive --color never",
    ]


def test_all_stacks_of_the_project_are_listed(pulumi: Fake, engine: Engine) -> None:
    pulumi.answers('[{"name": "dev"}, {"name": "prod"}]')
    assert engine.stacks() == ["dev", "prod"]
    assert pulumi.asked == ["stack ls --json --non-interactive"]


def test_a_preview_that_fails_is_told_by_its_errors_alone(pulumi: Fake, engine: Engine) -> None:
    pulumi.answers('{"steps": [{"op": "same", "urn": "urn:a"}]}')
    assert engine.preview() == [{"op": "same", "urn": "urn:a"}]
    diagnostics = [{"severity": "info", "message": "building"}, {"severity": "error", "message": "no such role\\n"}]
    pulumi.answers(json.dumps({"diagnostics": diagnostics}), code=255)
    with pytest.raises(EngineFailed, match="no such role") as failed:
        engine.preview()
    assert "building" not in str(failed.value)


@pytest.mark.parametrize(
    "told",
    ["error: the stack is currently locked by 1 lock(s)", "[409] Conflict: Another update is currently in progress"],
)
def test_a_locked_stack_is_told_apart(pulumi: Fake, engine: Engine, told: str) -> None:
    pulumi.answers(stderr=told, code=255)
    with pytest.raises(StackLocked, match="nhi repair"):
        engine.preview()
    with pytest.raises(StackLocked):
        engine.up()


def test_a_failed_write_does_not_repeat_what_was_written(pulumi: Fake, engine: Engine) -> None:
    pulumi.answers(stderr="error: no stack", code=255)
    with pytest.raises(EngineFailed) as failed:
        engine.configure("nhi:life", {"orders.prod": {"reason": "a long story"}})
    assert "a long story" not in str(failed.value)
