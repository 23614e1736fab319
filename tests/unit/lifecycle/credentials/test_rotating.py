"""Issuing, delivering, rotating and ending a credential; each step may be the last one of a run that is killed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.credentials.claiming import ClaimedByAnother
from nhi_components.lifecycle.credentials.decision import Cause
from nhi_components.lifecycle.credentials.ending import suspend, withdraw
from nhi_components.lifecycle.credentials.looking import look, plan
from nhi_components.lifecycle.credentials.outcome import DeliveryIncomplete, NotWithdrawn, Outcome
from nhi_components.lifecycle.credentials.ports import Claim, Material
from nhi_components.lifecycle.credentials.rotating import reconcile
from tests.unit.lifecycle.credentials.fakes import Killed, World, material_of


def issued(**rotation: object) -> World:
    world = World(**rotation)
    reconcile(world.wanted, world.tools)
    world.steps.revive()
    return world


def everywhere(world: World, key: str) -> bool:
    return set(world.held().values()) == {key}


def test_the_first_key_is_delivered_everywhere() -> None:
    world = World()
    outcome = reconcile(world.wanted, world.tools)
    assert everywhere(world, "KEY1")
    assert (outcome.cause, outcome.key, outcome.version, outcome.resumed) == (Cause.FIRST, "KEY1", 1, False)
    assert outcome.due_at == world.clock() + timedelta(days=7)
    assert [delivery.written for delivery in outcome.deliveries] == [True, True, True]
    assert world.home.holder is None


def test_a_second_run_changes_nothing() -> None:
    world = issued()
    outcome = reconcile(world.wanted, world.tools)
    assert not outcome.changed
    assert world.steps.done == []
    assert look(world.wanted, world.tools).drift == ()


def test_a_key_that_is_due_is_replaced_and_the_one_before_works_until_its_overlap_ends() -> None:
    world = issued()
    world.clock.forward(days=7)
    outcome = reconcile(world.wanted, world.tools)
    assert (outcome.cause, outcome.version) == (Cause.DUE, 2)
    assert everywhere(world, "KEY2")
    assert world.working() == {"KEY1", "KEY2"}
    assert outcome.retiring == (("KEY1", world.clock() + timedelta(days=1)),)
    world.clock.forward(hours=23)
    assert not reconcile(world.wanted, world.tools).revoked
    world.clock.forward(hours=1)
    (revoked,) = reconcile(world.wanted, world.tools).revoked
    assert (revoked.key, revoked.why) == ("KEY1", "its overlap has ended")
    assert world.working() == {"KEY2"}
    assert len(world.home.versions) == 1


def test_an_overlap_ends_early_once_the_old_key_is_seen_unused() -> None:
    world = issued()
    world.issuing.used["KEY1"] = world.clock()
    world.clock.forward(days=7)
    reconcile(world.wanted, world.tools)
    world.clock.forward(hours=7, minutes=59)
    assert world.working() == {"KEY1", "KEY2"}
    assert not reconcile(world.wanted, world.tools).revoked
    world.clock.forward(minutes=1)
    (revoked,) = reconcile(world.wanted, world.tools).revoked
    assert revoked.why == "it is unused"


def test_a_dependent_still_on_the_old_key_keeps_it_until_its_date() -> None:
    world = issued()
    world.clock.forward(days=7)
    reconcile(world.wanted, world.tools)
    world.clock.forward(hours=1)
    world.issuing.used["KEY1"] = world.clock()
    world.clock.forward(hours=22)
    assert not reconcile(world.wanted, world.tools).revoked
    world.clock.forward(hours=1)
    assert reconcile(world.wanted, world.tools).revoked


def test_without_an_overlap_the_old_key_is_refused_at_once() -> None:
    world = issued(overlap="0m")
    outcome = reconcile(world.wanted, world.tools, asked=Cause.FORCED)
    (revoked,) = outcome.revoked
    assert (revoked.key, world.working()) == ("KEY1", {"KEY2"})
    assert not isinstance(revoked.refused_at, NotChecked)
    assert outcome.retiring == ()


def test_two_rotations_in_a_row_never_have_more_keys_than_may_live() -> None:
    world = issued()
    for number in (2, 3, 4):
        outcome = reconcile(world.wanted, world.tools, asked=Cause.FORCED)
        assert everywhere(world, f"KEY{number}")
        assert outcome.version == number
    assert world.working() == {"KEY3", "KEY4"}
    assert world.issuing.most_ever == 2


def test_a_key_that_is_due_waits_for_the_overlap_of_the_one_before() -> None:
    world = issued(every="2h", overlap="1h")
    reconcile(world.wanted, world.tools, asked=Cause.FORCED)
    world.spec = world.spec.model_copy(update={"generation": 2})
    outcome = reconcile(world.wanted, world.tools)
    assert outcome.cause is None
    assert "KEY1, the one before, works until" in outcome.waits
    world.clock.forward(hours=1)
    assert reconcile(world.wanted, world.tools).cause is Cause.GENERATION


def test_an_exposed_key_is_revoked_first_and_replaced_everywhere() -> None:
    world = issued()
    outcome = reconcile(world.wanted, world.tools, exposed=frozenset({"KEY1"}))
    assert outcome.cause is Cause.EXPOSED
    assert [(each.key, each.why) for each in outcome.revoked] == [("KEY1", "it is exposed")]
    assert not isinstance(outcome.revoked[0].refused_at, NotChecked)
    assert world.working() == {"KEY2"}
    assert everywhere(world, "KEY2")


def test_an_exposed_key_is_useless_although_its_home_is_down() -> None:
    world = issued()
    world.steps.down.add("home")
    with pytest.raises(SystemUnreachable):
        reconcile(world.wanted, world.tools, exposed=frozenset({"KEY1"}))
    assert world.working() == set()
    world.steps.down.clear()
    reconcile(world.wanted, world.tools, exposed=frozenset({"KEY1"}))
    assert everywhere(world, "KEY2")


def test_an_exposed_key_before_the_current_one_is_deleted_without_a_rotation() -> None:
    world = issued()
    reconcile(world.wanted, world.tools, asked=Cause.FORCED)
    outcome = reconcile(world.wanted, world.tools, exposed=frozenset({"KEY1"}))
    assert (outcome.cause, outcome.retiring) == (None, ())
    assert world.working() == {"KEY2"}


def test_a_source_that_only_deletes_replaces_an_exposed_key_too() -> None:
    world = issued()
    world.issuing.can_disable = False
    outcome = reconcile(world.wanted, world.tools, exposed=frozenset({"KEY1"}))
    assert [(each.key, each.disabled_at is None) for each in outcome.revoked] == [("KEY1", False)]
    assert (outcome.cause, everywhere(world, "KEY2")) == (Cause.EXPOSED, True)


def test_stray_keys_are_revoked() -> None:
    world = issued()
    world.issuing.create(world.lease)
    outcome = reconcile(world.wanted, world.tools)
    assert [(each.key, each.why) for each in outcome.revoked] == [("KEY2", "nobody delivers it")]
    assert everywhere(world, "KEY1")


def test_a_key_that_was_deleted_by_hand_is_replaced() -> None:
    world = issued()
    world.issuing.living.clear()
    assert "is gone at its source" in " ".join(look(world.wanted, world.tools).drift)
    assert reconcile(world.wanted, world.tools).cause is Cause.LOST
    assert everywhere(world, "KEY2")


def test_a_key_that_was_disabled_by_hand_is_replaced_and_not_enabled() -> None:
    world = issued()
    world.issuing.disable("KEY1")
    outcome = reconcile(world.wanted, world.tools)
    assert outcome.cause is Cause.LOST
    assert everywhere(world, "KEY2")
    assert "KEY1" not in world.working()


def test_a_copy_that_was_changed_by_hand_is_given_the_key_again() -> None:
    world = issued()
    for place in (world.copy, world.unmarked):
        place.versions, place.written = [Material("KEY1", {"access_key_id": "x"})], place.written + 1
    assert len(look(world.wanted, world.tools).drift) == 2
    outcome = reconcile(world.wanted, world.tools)
    assert [delivery.written for delivery in outcome.deliveries] == [False, True, True]
    assert world.copy.versions[-1].fields == material_of("KEY1").fields


def test_a_home_that_was_changed_by_hand_gets_a_key_that_works() -> None:
    world = issued()
    world.home.versions.append(Material("KEY1", {"access_key_id": "KEY1", "secret_access_key": "typed"}))
    world.home.written += 1
    assert reconcile(world.wanted, world.tools).cause is Cause.LOST
    assert everywhere(world, "KEY2")
    assert world.home.versions[-1].fields == material_of("KEY2").fields


def test_a_place_that_is_down_keeps_a_planned_rotation_from_beginning() -> None:
    world = issued()
    world.steps.down.add(world.unmarked.name)
    with pytest.raises(SystemUnreachable):
        reconcile(world.wanted, world.tools, asked=Cause.FORCED)
    assert everywhere(world, "KEY1")
    assert world.working() == {"KEY1"}


def test_a_place_that_is_down_in_an_exposure_is_given_the_key_later() -> None:
    world = issued()
    world.steps.down.add(world.unmarked.name)
    with pytest.raises(DeliveryIncomplete, match="no answer") as caught:
        reconcile(world.wanted, world.tools, exposed=frozenset({"KEY1"}))
    assert caught.value.outcome.key == "KEY2"
    assert world.working() == {"KEY2"}
    world.steps.down.clear()
    outcome = reconcile(world.wanted, world.tools)
    assert (outcome.resumed, outcome.version, everywhere(world, "KEY2")) == (True, 2, True)


def test_a_place_that_goes_down_in_the_middle_keeps_the_old_key_working() -> None:
    world = issued(overlap="0m")
    write = world.unmarked.write

    def fails(*arguments: object, **more: object) -> object:
        world.steps.down.add(world.unmarked.name)
        return write(*arguments, **more)  # type: ignore[arg-type]

    world.unmarked.write = fails  # type: ignore[method-assign, assignment]
    with pytest.raises(DeliveryIncomplete):
        reconcile(world.wanted, world.tools, asked=Cause.FORCED)
    assert world.working() == {"KEY1", "KEY2"}
    world.steps.down.clear()
    world.unmarked.write = write  # type: ignore[method-assign]
    outcome = reconcile(world.wanted, world.tools)
    assert outcome.resumed
    assert everywhere(world, "KEY2")
    assert world.working() == {"KEY2"}


def test_a_new_key_that_never_works_is_deleted_and_nothing_is_delivered() -> None:
    world = issued()
    world.issuing.works_after = 10_000
    world.issuing.asked = 10_001
    with pytest.raises(NhiError, match=r"still refused after 60 s.*fix: "):
        reconcile(world.wanted, world.tools, asked=Cause.FORCED)
    assert everywhere(world, "KEY1")
    assert world.working() == {"KEY1"}


def test_a_new_key_is_waited_for() -> None:
    world = World()
    world.issuing.works_after = 7
    assert reconcile(world.wanted, world.tools).key == "KEY1"


def test_what_stands_at_an_unmarked_place_is_not_overwritten() -> None:
    world = World()
    world.unmarked.versions, world.unmarked.written = [Material("theirs", {"k": "v"})], 1
    with pytest.raises(NhiError, match="did not deliver"):
        reconcile(world.wanted, world.tools)
    assert world.working() == set()
    assert world.held()["home"] is None


def test_another_run_is_waited_for_and_then_named() -> None:
    world = issued()
    world.home.holder = Claim("run-other", "lee@runner", world.clock() + timedelta(hours=1))
    with pytest.raises(ClaimedByAnother, match="lee@runner"):
        reconcile(world.wanted, world.tools, asked=Cause.FORCED)
    assert everywhere(world, "KEY1")


def test_the_claim_of_a_run_that_died_is_taken_over() -> None:
    world = issued()
    world.home.holder = Claim("run-dead", "lee@runner", world.clock() + timedelta(seconds=45))
    assert reconcile(world.wanted, world.tools, asked=Cause.FORCED).version == 2


@pytest.mark.parametrize("skew", [timedelta(days=400), timedelta(minutes=-6)], ids=str)
def test_a_clock_that_is_wrong_decides_nothing(skew: timedelta) -> None:
    world = issued()
    world.home.skew = -skew
    with pytest.raises(NhiError, match=r"this machine's clock.*fix: set the machine's clock"):
        reconcile(world.wanted, world.tools)
    assert world.working() == {"KEY1"}


def test_a_suspended_credential_is_refused_and_works_again_when_restored() -> None:
    world = issued()
    assert suspend(world.wanted, world.tools) == ["KEY1"]
    assert suspend(world.wanted, world.tools) == []
    assert (world.working(), everywhere(world, "KEY1")) == (set(), True)
    outcome = reconcile(world.wanted, world.tools)
    assert (outcome.cause, world.working()) == (None, {"KEY1"})


def test_what_could_only_be_deleted_is_issued_anew_when_restored() -> None:
    world = issued()
    world.issuing.can_disable = False
    suspend(world.wanted, world.tools)
    assert world.working() == set()
    assert reconcile(world.wanted, world.tools).cause is Cause.LOST
    assert everywhere(world, "KEY2")


def test_a_withdrawn_credential_is_nowhere() -> None:
    world = issued()
    reconcile(world.wanted, world.tools, asked=Cause.FORCED)
    done = withdraw(world.wanted, world.tools)
    assert {each.key for each in done.revoked} == {"KEY1", "KEY2"}
    assert world.issuing.living == {}
    assert set(world.held().values()) == {None}
    assert len(done.removed) == 3
    assert world.home.noted == {}
    assert withdraw(world.wanted, world.tools).revoked == ()


@pytest.mark.parametrize("down", ["home", "copy", "a/b/KEY"])
def test_a_place_that_is_down_keeps_no_key_alive(down: str) -> None:
    world = issued()
    world.steps.down.add(down)
    with pytest.raises(NotWithdrawn, match="no answer"):
        withdraw(world.wanted, world.tools)
    assert world.issuing.living == {}
    world.steps.down.clear()
    withdraw(world.wanted, world.tools)
    assert set(world.held().values()) == {None}


def test_what_was_never_delivered_to_an_unmarked_place_is_not_removed_from_it() -> None:
    world = World()
    world.unmarked.versions, world.unmarked.written = [Material("theirs", {"k": "v"})], 1
    with pytest.raises(NhiError, match="did not deliver"):
        reconcile(world.wanted, world.tools)
    withdraw(world.wanted, world.tools)
    assert world.held()[world.unmarked.name] == "theirs"


def test_a_source_that_is_down_confirms_nothing() -> None:
    world = issued()
    world.steps.down.add("source")
    with pytest.raises(NotWithdrawn, match="source"):
        withdraw(world.wanted, world.tools)
    assert world.home.noted
    world.steps.down.clear()
    withdraw(world.wanted, world.tools)
    assert (world.issuing.living, world.home.noted) == ({}, {})


def test_a_home_that_moves_takes_its_journal_along() -> None:
    world = issued()
    former = world.spec.places[0]
    moved = world.spec.places[0].model_copy(update={"path": "elsewhere"})
    world.spec = world.spec.model_copy(update={"places": (moved, *world.spec.places[1:])})
    wanted = type(world.wanted)(world.lease, world.spec, moved_from=former)
    outcome = reconcile(wanted, world.tools)
    assert (outcome.cause, outcome.version) == (None, 1)
    assert world.held()["elsewhere"] == "KEY1"
    assert world.working() == {"KEY1"}


def test_a_plan_changes_nothing_and_names_what_would_be_done() -> None:
    world = issued()
    planned = plan(world.wanted, world.tools, asked=Cause.FORCED)
    assert planned.decision.cause is Cause.FORCED
    assert len(planned.deliver) == 3
    assert world.steps.done == []


def run_killed(world: World, work: object, at: int, *, after: bool) -> bool:
    """Run until the step; tell whether it came to that step."""
    world.steps.revive()
    world.steps.kill_at, world.steps.kill_after = at, after
    try:
        work()  # type: ignore[operator]
    except Killed:
        return True
    finally:
        world.steps.revive()
    return False


def rotate(world: World) -> Outcome:
    return reconcile(world.wanted, world.tools, asked=Cause.FORCED)


def test_a_rotation_that_is_finished_by_the_next_run_keeps_the_overlap_of_the_key_before() -> None:
    world = issued()
    world.steps.kill_at = next(
        number for number, step in enumerate(steps_of_a_rotation(), 1) if step.startswith("home write")
    )
    world.steps.kill_after = True
    with pytest.raises(Killed):
        rotate(world)
    world.steps.revive()
    outcome = reconcile(world.wanted, world.tools)
    assert outcome.resumed
    assert everywhere(world, "KEY2")
    assert world.working() == {"KEY1", "KEY2"}
    assert [key for key, _ in outcome.retiring] == ["KEY1"]


def steps_of_a_rotation() -> list[str]:
    world = issued()
    rotate(world)
    return world.steps.done


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("overlap", ["0m", "1d"])
@pytest.mark.parametrize("what", ["issue", "rotate", "twice", "expose", "suspend", "withdraw"])
def test_a_run_that_is_killed_at_any_step_is_finished_by_the_next(what: str, overlap: str, *, after: bool) -> None:
    for at in range(1, 100):
        world = World(overlap=overlap)
        if what != "issue":
            reconcile(world.wanted, world.tools)
        if what == "twice":
            rotate(world)
        works = {
            "issue": lambda world=world: reconcile(world.wanted, world.tools),
            "rotate": lambda world=world: rotate(world),
            "twice": lambda world=world: rotate(world),
            "expose": lambda world=world: reconcile(world.wanted, world.tools, exposed=frozenset({"KEY1"})),
            "suspend": lambda world=world: suspend(world.wanted, world.tools),
            "withdraw": lambda world=world: withdraw(world.wanted, world.tools),
        }
        reached = run_killed(world, works[what], at, after=after)
        assert world.issuing.most_ever <= 2
        if what in ("issue", "rotate", "twice"):
            working = world.working()
            readable = [place for place in world.places.values() if place.versions]
            assert all(place.versions[-1].key_id in working for place in readable)
        if what == "withdraw":
            withdraw(world.wanted, world.tools)
            assert (world.issuing.living, set(world.held().values())) == ({}, {None})
        elif what == "suspend":
            suspend(world.wanted, world.tools)
            assert world.working() == set()
        else:
            if what == "expose":
                works[what]()
            reconcile(world.wanted, world.tools)
            world.clock.forward(days=2)
            outcome = reconcile(world.wanted, world.tools)
            assert everywhere(world, outcome.key)
            assert world.working() == {outcome.key}
            assert "KEY1" not in world.working() or what != "expose"
            assert look(world.wanted, world.tools).drift == ()
        if not reached:
            assert at > 2
            return
    pytest.fail("it never came to its end")
