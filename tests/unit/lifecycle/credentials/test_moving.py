"""A credential whose journal is not at its home: it moves, also in runs that die, or people have deleted it."""

from __future__ import annotations

import pytest

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.credentials.ending import suspend
from nhi_components.lifecycle.credentials.rotating import reconcile
from nhi_components.lifecycle.credentials.wanted import Wanted
from tests.unit.lifecycle.credentials.fakes import Killed, World


def moving() -> tuple[World, Wanted]:
    """An issued credential whose home is to move to `elsewhere`."""
    world = World()
    reconcile(world.wanted, world.tools)
    former, *copies = world.spec.places
    moved = former.model_copy(update={"path": "elsewhere"})
    world.spec = world.spec.model_copy(update={"places": (moved, *copies)})
    world.steps.revive()
    return world, Wanted(world.lease, world.spec, moved_from=former)


def works(world: World) -> set[str]:
    return {key.id for key in world.issuing.living.values() if key.enabled}


def test_a_home_that_moves_while_its_identity_is_suspended_keeps_the_key_for_its_restoration() -> None:
    world, wanted = moving()
    assert suspend(wanted, world.tools) == ["KEY1"]
    # From here on the home before is nobody's any more: whoever removes it has been told to.
    world.home.remove(world.lease.lease)
    assert suspend(world.wanted, world.tools) == []
    outcome = reconcile(world.wanted, world.tools)
    assert (outcome.cause, outcome.key, outcome.version) == (None, "KEY1", 1)
    assert works(world) == {"KEY1"}


def test_a_home_without_its_key_still_takes_its_journal_along() -> None:
    world, wanted = moving()
    world.home.versions = []
    outcome = reconcile(wanted, world.tools)
    assert (outcome.cause, outcome.key, outcome.version) == ("lost", "KEY2", 2)
    assert works(world) == {"KEY1", "KEY2"}


def test_a_move_that_is_killed_at_any_step_is_finished_by_the_next_run_with_the_same_key() -> None:
    for step in range(1, 20):
        world, wanted = moving()
        world.steps.kill_at = step
        try:
            reconcile(wanted, world.tools)
        except Killed:
            world.steps.revive()
            world.clock.forward(minutes=2)
            reconcile(wanted, world.tools)
        else:
            break
        assert world.held()["elsewhere"] == "KEY1"
        assert works(world) == {"KEY1"}
    assert step > 2


def test_a_home_that_is_deleted_by_hand_cuts_off_no_holder_of_the_key() -> None:
    world = World()
    reconcile(world.wanted, world.tools)
    world.home.remove(world.lease.lease)
    stray = world.issuing.create(world.lease).key_id
    # What keeps no marks can't be told to be ours without the journal.
    with pytest.raises(NhiError, match="a/b/KEY: found something there that this credential did not deliver"):
        reconcile(world.wanted, world.tools)
    assert works(world) == {"KEY1", stray}
    world.unmarked.remove(world.lease.lease)
    outcome = reconcile(world.wanted, world.tools)
    assert [each.key for each in outcome.revoked] == [stray]
    assert (outcome.cause, outcome.key, outcome.version) == ("lost", "KEY3", 2)
    assert set(world.held().values()) == {"KEY3"}
    assert works(world) == {"KEY1", "KEY3"}
    world.clock.forward(days=1)
    reconcile(world.wanted, world.tools)
    assert works(world) == {"KEY3"}
