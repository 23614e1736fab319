"""What is the own of retirements by hooks: refusals, answers that are wrong, other places, programs."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.connection import HookConnection
from nhi_components.core.errors import NhiError, SpecError, SystemUnreachable
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters import open_retirement
from nhi_components.lifecycle.adapters.hook.speaking import HookRefused
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence
from tests.conformance.decommission.hook_world import HookRetirementWorld

PROGRAM = """\
import json
import sys

request = json.load(sys.stdin)
if request["action"] == "discover.place":
    answer = {"place": "courier.example.com/shop"}
else:
    answer = {"presence": "disabled", "case": request["identity"]["name"], "used_at": "2026-01-02T03:04:05+01:00"}
json.dump({"ok": True, **answer}, sys.stdout)
"""


@pytest.fixture
def world(hook_retirement_world: HookRetirementWorld) -> HookRetirementWorld:
    return hook_retirement_world


def test_what_could_not_be_taken_back_is_told_before_it_is_done(world: HookRetirementWorld) -> None:
    planted = world.plant()
    world.double.irreversible = True
    with pytest.raises(CannotDisable, match="a bot that is off stays so"):
        world.retirement().undo_of(planted.target)
    assert planted.works()


def test_a_delete_tells_until_when_it_is_recoverable(world: HookRetirementWorld) -> None:
    (removed,) = world.retirement().delete(world.plant().target)
    assert removed.recoverable_until is not None
    assert abs(removed.recoverable_until - world.double.now() - timedelta(days=30)) < timedelta(minutes=1)


@pytest.mark.parametrize("code", ["denied", "busy", "unauthorized", "unavailable"])
def test_a_hook_that_cannot_reach_its_system_is_told_as_unreachable(world: HookRetirementWorld, code: str) -> None:
    target = world.plant().target
    retirement = world.retirement()
    retirement.look(target)
    world.double.refusal = {"ok": False, "error": f"no: {world.operator}", "code": code}
    with pytest.raises(SystemUnreachable, match=r"refused retire\.look") as refused:
        retirement.look(target)
    assert world.operator not in str(refused.value)


def test_any_other_refusal_says_what_the_hook_says(world: HookRetirementWorld) -> None:
    target = world.plant().target
    retirement = world.retirement()
    retirement.look(target)
    world.double.refusal = {"ok": False, "error": "bots are on strike"}
    with pytest.raises(HookRefused, match="bots are on strike"):
        retirement.look(target)


def test_an_action_that_a_token_may_not_ask_is_named(world: HookRetirementWorld) -> None:
    planted = world.plant()
    world.double.deny("operator", "retire.disable")
    with pytest.raises(SystemUnreachable, match=r"operator may not ask retire\.disable"):
        world.retirement().disable(planted.target, {"on": True})
    assert planted.works()


@pytest.mark.parametrize(
    ("answer", "paths"),
    [
        ({"ok": True, "presence": "hidden-value", "used_at": "yesterday"}, ["answer.presence", "answer.used_at"]),
        ({"ok": True}, ["answer.presence"]),
        ({"ok": True, "presence": "alive", "secret": "hidden-value"}, ["answer.(hidden)"]),
    ],
)
def test_an_answer_that_is_wrong_is_told_with_all_its_problems_and_none_of_its_values(
    world: HookRetirementWorld, answer: dict[str, Any], paths: list[str]
) -> None:
    target = world.plant().target
    retirement = world.retirement()
    retirement.look(target)
    world.double.refusal = answer
    with pytest.raises(SpecError) as wrong:
        retirement.look(target)
    assert [each.path for each in wrong.value.problems] == paths
    assert "hidden-value" not in str(wrong.value)
    assert "yesterday" not in str(wrong.value)


def test_an_undo_that_is_too_long_to_be_kept_is_refused(world: HookRetirementWorld) -> None:
    target = world.plant().target
    retirement = world.retirement()
    retirement.look(target)
    world.double.refusal = {"ok": True, "undo": {"roles": ["x" * 100] * 1100}}
    with pytest.raises(SpecError, match="100,000 characters"):
        retirement.undo_of(target)


def test_an_identity_of_another_place_is_not_asked_about(world: HookRetirementWorld) -> None:
    target = world.plant().target
    for wrong in (replace(target, place="elsewhere"), replace(target, key="arn:aws:iam::1:role/x")):
        with pytest.raises(NhiError, match=r"courier\.example\.com/shop"):
            world.retirement().delete(wrong)
    assert target.key in world.double.bots


def test_a_program_answers_as_a_web_hook_does(world: HookRetirementWorld, tmp_path: Path) -> None:
    file = tmp_path / "courier.py"
    file.write_text(PROGRAM)
    settings = HookConnection(command=(sys.executable, str(file)))
    standing = open_retirement(System.HOOK, "courier", settings).look(world.plant().target)
    assert standing.presence is Presence.DISABLED
    assert standing.used_at is not None
    assert standing.used_at.isoformat() == "2026-01-02T02:04:05+00:00"
    assert json.dumps(standing.case).startswith('"orders-')
