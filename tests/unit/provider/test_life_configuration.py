"""Writing decisions into the stack's configuration: one command, the others' kept, read back."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fake_pulumi import FakeProject, install

from nhi_components.core.errors import SpecError
from nhi_components.core.life import Decision
from nhi_components.provider import life_configuration
from nhi_components.provider.engine import Engine, EngineFailed
from nhi_components.provider.life_configuration import LifeConfiguration


def decision(**fields: Any) -> Decision:
    return Decision.parse({"approver": "Ada Example", "reason": "12345", "on": date(2026, 3, 1), **fields})


SUSPENDED = decision(state="suspended")
OTHER = {"state": "retired", "approver": "Bob Example", "reason": "CHG-1", "on": "2026-01-01"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProject:
    folder = tmp_path / "bin"
    folder.mkdir()
    install(folder)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return FakeProject(tmp_path / "shop")


@pytest.fixture
def configuration(project: FakeProject) -> LifeConfiguration:
    return LifeConfiguration(Engine(project.folder, "dev"))


def test_a_decision_is_written_in_one_command_and_texts_stay_texts(
    project: FakeProject, configuration: LifeConfiguration
) -> None:
    project.keep(
        "config.dev.json", {"aws:region": {"value": "x"}, "nhi:life": {"objectValue": {"billing.prod": OTHER}}}
    )
    change = configuration.decide("orders.prod", lambda now: SUSPENDED)
    assert change.is_one
    written = project.configuration()
    assert written["aws:region"] == {"value": "x"}
    assert written["nhi:life"]["objectValue"] == {
        "billing.prod": OTHER,
        "orders.prod": {"state": "suspended", "approver": "Ada Example", "reason": "12345", "on": "2026-03-01"},
    }
    assert written["nhi:life"]["secret"] is False
    assert sum("set-all" in line for line in project.asked) == 1
    assert configuration.read()["orders.prod"] == SUSPENDED


def test_a_turn_that_does_not_come_is_told(
    configuration: LifeConfiguration, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(life_configuration, "_TURN_SECONDS", 0.1)

    def meanwhile(_: Decision | None) -> Decision:
        with pytest.raises(EngineFailed, match="taken by another command"):
            configuration.decide("billing.prod", lambda now: SUSPENDED)
        return SUSPENDED

    assert configuration.decide("orders.prod", meanwhile).is_one
    assert configuration.decide("billing.prod", lambda now: SUSPENDED).is_one


def test_a_configuration_longer_than_a_command_line_may_be_is_told(configuration: LifeConfiguration) -> None:
    with pytest.raises(EngineFailed, match="too long"):
        Engine.configure(configuration._engine, "nhi:life", {"orders.prod": {"reason": "x" * 3_000_000}})


def test_a_restoration_is_one_command_too(project: FakeProject, configuration: LifeConfiguration) -> None:
    configuration.decide("orders.prod", lambda now: SUSPENDED)
    change = configuration.decide("orders.prod", lambda now: decision() if now == SUSPENDED else None)
    assert (change.before, change.after) == (SUSPENDED, decision())
    assert "state" not in project.configuration()["nhi:life"]["objectValue"]["orders.prod"]
    assert sum("set-all" in line for line in project.asked) == 2


def test_a_dry_run_and_a_repetition_write_nothing(project: FakeProject, configuration: LifeConfiguration) -> None:
    assert configuration.decide("orders.prod", lambda now: SUSPENDED, dry_run=True).is_one
    assert project.configuration() == {}
    assert not configuration.decide("orders.prod", lambda now: None).is_one
    assert not any("set-all" in line for line in project.asked)


def test_a_configuration_as_text_is_read(project: FakeProject, configuration: LifeConfiguration) -> None:
    project.keep("config.dev.json", {"nhi:life": {"value": '{"orders.prod": {"approver": "Ada Example"}}'}})
    with pytest.raises(SpecError) as refused:
        configuration.read()
    assert {problem.path for problem in refused.value.problems} == {"life.orders.prod.reason", "life.orders.prod.on"}


@pytest.mark.parametrize(
    ("entry", "said"), [({"secret": True}, "an encrypted value"), ({"value": "soon"}, "text that is no structure")]
)
def test_what_can_not_be_read_is_not_overwritten(
    project: FakeProject, configuration: LifeConfiguration, entry: dict[str, Any], said: str
) -> None:
    project.keep("config.dev.json", {"nhi:life": entry})
    with pytest.raises(EngineFailed, match=said):
        configuration.decide("orders.prod", lambda now: SUSPENDED)
    assert project.configuration() == {"nhi:life": entry}


def test_a_configuration_that_another_hand_changed_meanwhile_is_told(
    project: FakeProject, configuration: LifeConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "configure", lambda *_: None)
    with pytest.raises(EngineFailed, match="somebody changed it meanwhile"):
        configuration.decide("orders.prod", lambda now: SUSPENDED)
