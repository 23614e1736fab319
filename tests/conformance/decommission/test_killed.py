"""Processes of `nhi decommission` and `nhi restore` killed with SIGKILL at each call that changes the emulated AWS.

Also two operators at once, on one identity.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from nhi_components.lifecycle.adapters.aws.marks import CUT_OFF_POLICY
from tests.conformance.decommission.aws_world import AwsRetirementWorld
from tests.conformance.decommission.command import BY, Command, command_in, connections
from tests.conformance.decommission.world import Planted
from tools.lab.gate import Gate, When, operation

GRACE_DAYS = 30


@pytest.fixture
def command(aws_retirement_world: AwsRetirementWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    return command_in(tmp_path, aws_retirement_world, monkeypatch)


@pytest.fixture
def planted(command: Command) -> Planted:
    found = command.world.plant("iam-user")
    command.knows(found)
    return found


def killed(
    command: Command, monkeypatch: pytest.MonkeyPatch, asked: str, when: When, days: int, *arguments: str
) -> None:
    """Run the command through a gate, and kill it when it asks for an operation, or before it learns of the answer."""
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    with Gate(endpoint) as gate:
        monkeypatch.setenv("AWS_ENDPOINT_URL", gate.url)
        held = gate.hold(operation(asked), when)
        process = command.start(*arguments, days=days)
        try:
            held.wait(alive=lambda: process.poll() is None)
        finally:
            process.send_signal(signal.SIGKILL)
            out, err = process.communicate()
            # What was only asked for is never served.
            (held.drop if when is When.BEFORE else held.release)()
        assert process.returncode == -signal.SIGKILL, out + err
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)


def decommissioned(command: Command, planted: Planted, at: tuple[str, str]) -> Any:
    (told,) = command.told("decommission", planted.target.key, *at, *BY)
    return told


DISABLING = ["TagUser", "PutUserPolicy", "UpdateAccessKey"]
DELETING = [
    "TagUser",
    "DeleteAccessKey",
    "DeleteLoginProfile",
    "RemoveUserFromGroup",
    "DetachUserPolicy",
    "DeleteUserPolicy",
    "DeleteUser",
]
RESTORING = ["UpdateAccessKey", "DeleteUserPolicy", "UntagUser"]


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("asked", DISABLING)
def test_killed_while_it_is_disabled_the_next_run_goes_on(
    command: Command, planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, when: When
) -> None:
    at = ("--connections", connections(tmp_path))
    before = planted.documents()
    killed(command, monkeypatch, asked, when, 0, "decommission", planted.target.key, *at, *BY)
    (case,) = command.told("decommission", "--cases")
    # Cron goes on with it, whoever had begun.
    (told,) = command.told("decommission", "--due", *at)
    assert (told["outcome"], told["case"]) == ("disabled", case["case"])
    assert not planted.works()
    (restored,) = command.told("restore", planted.target.key, *at, *BY)
    assert restored["outcome"] == "restored"
    assert planted.documents() == before
    assert planted.works()


@pytest.mark.parametrize("asked", DISABLING)
def test_killed_while_it_is_disabled_it_can_be_restored_at_once(
    command: Command, planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    at = ("--connections", connections(tmp_path))
    before = planted.documents()
    killed(command, monkeypatch, asked, When.AFTER, 0, "decommission", planted.target.key, *at, *BY)
    (restored,) = command.told("restore", planted.target.key, *at, *BY)
    assert restored["outcome"] == "restored"
    assert planted.documents() == before


@pytest.mark.parametrize(
    ("asked", "when"),
    [*((each, When.AFTER) for each in DELETING), ("DeleteAccessKey", When.BEFORE), ("DeleteUser", When.BEFORE)],
)
def test_killed_while_it_is_deleted_the_next_run_leaves_nothing(
    command: Command, planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, when: When
) -> None:
    at = ("--connections", connections(tmp_path))
    decommissioned(command, planted, at)
    killed(command, monkeypatch, asked, when, GRACE_DAYS, "decommission", "--due", *at)
    assert not planted.works()
    (removed,) = command.told_later(GRACE_DAYS, "decommission", "--due", *at)
    assert removed["outcome"] == "removed"
    assert planted.left() == []
    (case,) = command.told("decommission", "--cases", "--closed")
    assert [each["stage"] for each in case["stages"]] == ["noticed", "disabling", "disabled", "deleting", "removed"]
    verified = command.run("evidence", "verify")
    assert verified.exit_code == 0, verified.output


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("asked", RESTORING)
def test_killed_while_it_is_restored_the_next_run_gives_all_of_it_back(
    command: Command, planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, when: When
) -> None:
    at = ("--connections", connections(tmp_path))
    before = planted.documents()
    decommissioned(command, planted, at)
    killed(command, monkeypatch, asked, when, 0, "restore", planted.target.key, *at, *BY)
    (told,) = command.told("decommission", "--due", *at)
    assert told["outcome"] == "restored"
    assert planted.documents() == before
    assert planted.works()


def held_at(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    first: tuple[str, ...],
    second: tuple[str, ...],
    days: int = 0,
) -> tuple[Any, Any, int]:
    """Start a second command while the first is held at an operation; give both answers, and how often it came."""
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    with Gate(endpoint) as gate:
        monkeypatch.setenv("AWS_ENDPOINT_URL", gate.url)
        held = gate.hold(operation(asked), When.BEFORE)
        processes = [command.start(*first, "--output", "json", days=days)]
        held.wait(alive=lambda: processes[0].poll() is None)
        processes.append(command.start(*second, "--output", "json", days=days))
        with pytest.raises(subprocess.TimeoutExpired):
            processes[1].communicate(timeout=6)
        held.release()
        answers = [process.communicate(timeout=120) for process in processes]
        count = sum(request.operation == asked for request in gate.seen)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    (one, other) = (json.loads(out) if out else err for out, err in answers)
    return one, other, count


def test_two_operators_at_once_disable_it_once_under_one_case(
    command: Command, planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ("--connections", connections(tmp_path))
    asked = ("decommission", planted.target.key, *at, *BY)
    one, other, count = held_at(command, monkeypatch, "PutUserPolicy", asked, asked)
    assert [each["outcome"] for each in (*one, *other)] == ["disabled", "disabled"]
    assert one[0]["case"] == other[0]["case"]
    assert count == 1
    assert CUT_OFF_POLICY in planted.documents()["inline"]


def test_two_operators_at_once_delete_it_once(
    command: Command, planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ("--connections", connections(tmp_path))
    decommissioned(command, planted, at)
    due = ("decommission", "--due", *at)
    one, other, count = held_at(command, monkeypatch, "DeleteUser", due, due, GRACE_DAYS)
    # Whoever began to look only afterwards has found nothing due.
    assert [each["outcome"] for each in (*one, *other)] in (["removed"], ["removed", "removed"])
    assert count == 1
    assert planted.left() == []


def test_whoever_restores_while_another_deletes_is_told_that_it_is_too_late(
    command: Command, planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ("--connections", connections(tmp_path))
    decommissioned(command, planted, at)
    due, back = ("decommission", "--due", *at), ("restore", planted.target.key, *at, *BY)
    one, other, _ = held_at(command, monkeypatch, "DeleteAccessKey", due, back, GRACE_DAYS)
    assert one[0]["outcome"] == "removed"
    assert "nothing takes back" in other
    assert planted.left() == []


def test_whoever_deletes_while_another_restores_finds_it_restored(
    command: Command, planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ("--connections", connections(tmp_path))
    before = planted.documents()
    decommissioned(command, planted, at)
    back, due = ("restore", planted.target.key, *at, *BY), ("decommission", "--due", *at)
    one, other, _ = held_at(command, monkeypatch, "UpdateAccessKey", back, due, GRACE_DAYS)
    assert [each["outcome"] for each in (*one, *other)] in (["restored"], ["restored", "restored"])
    assert planted.documents() == before
