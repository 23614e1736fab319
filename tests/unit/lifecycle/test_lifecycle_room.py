"""Whether every system has room, before anything is created."""

from __future__ import annotations

import pytest
from fake_system import ENTITY, ROLE, FakeSystem, FakeTime

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.links import NotChecked, System
from nhi_components.lifecycle.bracket import Bracket
from nhi_components.lifecycle.ports import Room


def _never(*_: object) -> None:
    raise AssertionError("nothing is recorded, approved or waited for")


@pytest.fixture
def bracket(time: FakeTime, aws: FakeSystem, vault: FakeSystem) -> Bracket:
    systems = {System.AWS: aws, System.VAULT: vault}
    return Bracket(
        open_adapter=lambda system, connection: systems[system],
        open_recorder=_never,  # type: ignore[arg-type] # never called
        approved=_never,  # type: ignore[arg-type] # never called
        clock=time,
        sleep=_never,
    )


def full(what: str) -> Problem:
    return Problem(what, "1,000 of 1,000", "at most 1,000", "remove some")


def test_where_there_is_room_nothing_is_told(bracket: Bracket) -> None:
    assert bracket.make_room([ROLE, ENTITY]) == []


def test_the_full_quotas_of_all_systems_are_told_at_once(bracket: Bracket, aws: FakeSystem, vault: FakeSystem) -> None:
    aws.room, vault.room = Room((full("roles"), full("profiles"))), Room((full("entities"),))
    with pytest.raises(SpecError) as caught:
        bracket.make_room([ROLE, ENTITY])
    assert [problem.path for problem in caught.value.problems] == ["roles", "profiles", "entities"]


def test_quotas_that_are_not_known_are_told_and_do_not_refuse(bracket: Bracket, aws: FakeSystem) -> None:
    aws.room = Room(not_checked=NotChecked("may not ask"))
    assert bracket.make_room([ROLE]) == ["aws.default: may not ask"]
