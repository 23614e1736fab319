"""What every retirement must do, on each system: disable what still worked, give it back exactly, leave nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import nhi_components.lifecycle.adapters as adapters
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Standing
from tests.conformance.decommission.conftest import NOT_DISABLED, WORLDS
from tests.conformance.decommission.world import Planted, RetirementWorld

CASE = "dc-0123456789ab"

Pair = tuple[RetirementWorld, Planted]


def marks(standing: Standing, marked: bool) -> bool:
    """Whether the marks are those of the case, where the system has a place for them."""
    return (standing.case, standing.stage) == ((CASE, "disabled") if marked else ("", ""))


def test_every_retirement_is_run_through_this_suite() -> None:
    folders = [
        file.parent.name
        for file in Path(adapters.__file__).parent.glob("*/retirement.py")
        if "class Retirement" in file.read_text()
    ]
    assert sorted(folders) == sorted({*WORLDS, *NOT_DISABLED})


def test_looking_changes_nothing_and_tells_no_credential(living: Pair) -> None:
    world, planted = living
    before = planted.documents()
    retirement = world.retirement()
    standing = retirement.look(planted.target)
    undo = retirement.undo_of(planted.target)
    assert (standing.presence, standing.case, standing.guarded) == (Presence.ALIVE, "", "")
    assert standing.dependents == ()
    assert planted.works()
    assert planted.documents() == before
    assert retirement.place() == planted.target.place
    told = repr(standing) + json.dumps(undo)
    assert [secret for secret in world.secrets if secret in told] == []


def test_disabled_it_is_denied_everything_and_restored_it_is_as_it_was(living: Pair) -> None:
    world, planted = living
    before = planted.documents()
    retirement = world.retirement()
    undo = json.loads(json.dumps(retirement.undo_of(planted.target)))
    marked = retirement.mark(planted.target, CASE, "disabled")
    retirement.disable(planted.target, undo)
    disabled = world.retirement().look(planted.target)
    assert disabled.presence is Presence.DISABLED
    assert marks(disabled, marked)
    assert not planted.works()
    assert planted.documents() != before

    retirement.restore(planted.target, undo)
    retirement.mark(planted.target, "", "")
    assert planted.documents() == before
    assert planted.works()
    restored = world.retirement().look(planted.target)
    assert (restored.presence, restored.case) == (Presence.ALIVE, "")


def test_each_step_can_be_repeated(living: Pair) -> None:
    world, planted = living
    before = planted.documents()
    undo = world.retirement().undo_of(planted.target)
    for _ in range(2):
        world.retirement().mark(planted.target, CASE, "disabled")
        world.retirement().disable(planted.target, undo)
    assert world.retirement().look(planted.target).presence is Presence.DISABLED
    for _ in range(2):
        world.retirement().restore(planted.target, undo)
        world.retirement().mark(planted.target, "", "")
    assert planted.documents() == before


def test_what_was_never_disabled_is_left_by_restore_as_it_is(living: Pair) -> None:
    world, planted = living
    before = planted.documents()
    retirement = world.retirement()
    retirement.restore(planted.target, retirement.undo_of(planted.target))
    assert planted.documents() == before


@pytest.mark.parametrize("disabled_first", [True, False])
def test_deleted_nothing_of_it_is_left_and_what_went_is_told(living: Pair, disabled_first: bool) -> None:
    world, planted = living
    assert planted.left() != []
    retirement = world.retirement()
    if disabled_first:
        undo = retirement.undo_of(planted.target)
        retirement.mark(planted.target, CASE, "disabled")
        retirement.disable(planted.target, undo)
    _is_deleted(world, planted)


def _is_deleted(world: RetirementWorld, planted: Planted) -> None:
    removed = world.retirement().delete(planted.target)
    assert planted.left() == []
    assert world.retirement().look(planted.target).presence is Presence.GONE
    assert removed
    assert not planted.works()
    assert [secret for secret in world.secrets if secret in repr(removed)] == []
    assert list(world.retirement().delete(planted.target)) == []


def test_another_that_stands_at_its_key_is_never_touched(replaceable: Pair) -> None:
    world, planted = replaceable
    retirement = world.retirement()
    undo = retirement.undo_of(planted.target)
    documents = world.replace(planted)
    before = documents()
    assert retirement.look(planted.target).presence is Presence.OTHER
    steps: list[Callable[[], object]] = [
        lambda: retirement.mark(planted.target, CASE, "disabled"),
        lambda: retirement.disable(planted.target, undo),
        lambda: retirement.restore(planted.target, undo),
    ]
    for step in steps:
        with pytest.raises(NhiError):
            step()
    assert list(retirement.delete(planted.target)) == []
    assert documents() == before


def test_what_cannot_be_disabled_is_told_and_can_still_be_deleted(stubborn: Pair) -> None:
    world, planted = stubborn
    before = planted.documents()
    with pytest.raises(CannotDisable):
        world.retirement().undo_of(planted.target)
    assert planted.documents() == before
    _is_deleted(world, planted)


def test_what_runs_as_it_is_told(used: Pair) -> None:
    world, planted = used
    dependent = world.add_dependent(planted)
    assert dependent in world.retirement().look(planted.target).dependents


def test_what_must_never_be_decommissioned_is_told_with_the_reason(world: RetirementWorld) -> None:
    assert world.retirement().look(world.plant_guarded()).guarded


def test_with_credentials_that_the_system_does_not_know_it_is_not_reached(living: Pair) -> None:
    world, planted = living
    retirement = world.retirement_of_nobody()
    with pytest.raises(SystemUnreachable) as refused:
        retirement.look(planted.target)
    assert not any(secret in str(refused.value) for secret in world.secrets)
