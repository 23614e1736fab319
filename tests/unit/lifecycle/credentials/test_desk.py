"""What was done about a credential is recorded, whatever became of it; people are told of a leak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from nhi_components.core.credential.dependents import CommandHook, HttpHook
from nhi_components.core.errors import EvidenceError, SystemUnreachable
from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.account import Terms
from nhi_components.lifecycle.credentials.decision import Cause
from nhi_components.lifecycle.credentials.dependents import Refreshed
from nhi_components.lifecycle.credentials.desk import Desk
from nhi_components.lifecycle.credentials.ending import suspend
from nhi_components.lifecycle.credentials.notifying import notify
from nhi_components.lifecycle.credentials.outcome import DeliveryIncomplete, NotRecorded, Outcome, StillSuspended
from nhi_components.lifecycle.credentials.rotating import reconcile
from nhi_components.lifecycle.evidence.rotations import RotationRecord
from tests.unit.lifecycle.credentials.fakes import FakeRecorder, Killed, World

HOOKS = (CommandHook(command=("tell",)), HttpHook(url="https://example.com/leaks"))


class Office:
    """A desk over one credential that was issued before."""

    def __init__(self, **rotation: object) -> None:
        self.world, self.recorder = World(**rotation), FakeRecorder()
        self.desk = Desk(self.world.tools, lambda: self.recorder, lambda *_: ("Ada Example", "INC-7"))  # type: ignore[arg-type, return-value] # a fake
        self.terms = Terms(self.world.lease, datetime(2027, 1, 1, tzinfo=UTC).date())
        self.bring_about()
        self.world.steps.revive()

    def bring_about(self, **asks: Any) -> Outcome:
        return self.desk.bring_about(self.terms, self.world.wanted, **asks)

    def expose(self, *keys: str, **asks: Any) -> Outcome:
        return self.bring_about(exposed=frozenset(keys), notify=self.notify, restores=False, **asks)

    def notify(self, outcome: Outcome) -> Sequence[Refreshed]:
        return notify(HOOKS, self.world.wanted, outcome, self.world.tools)

    @property
    def last(self) -> RotationRecord:
        return self.recorder.told[-1]


def test_what_was_done_is_recorded_with_who_decided_and_nothing_twice() -> None:
    office = Office()
    assert (office.last.cause, office.last.key, str(office.last.approver.value)) == ("first", "KEY1", "Ada Example")
    assert len(office.last.deliveries) == 3
    office.bring_about()
    assert len(office.recorder.told) == 1
    office.bring_about(asked=Cause.FORCED)
    assert [row.key for row in office.last.retiring] == ["KEY1"]
    assert "secret-of" not in office.last.model_dump_json()


def test_evidence_is_proved_to_be_writable_before_anything_is_done_and_once() -> None:
    office = Office()
    proved = office.recorder.proved
    office.bring_about(asked=Cause.FORCED)
    assert office.recorder.proved == proved + 1
    office.desk.evidence_proved, office.recorder.full = False, True
    office.world.steps.revive()
    with pytest.raises(EvidenceError, match="no space left"):
        office.bring_about(asked=Cause.FORCED)
    assert office.world.steps.done == []


def test_a_leaked_key_does_not_wait_for_evidence() -> None:
    office = Office()
    office.desk.evidence_proved, office.recorder.full = False, True
    with pytest.raises(NotRecorded, match=r"it was done\n  it could not be recorded: .*no space left") as caught:
        office.expose("KEY1")
    assert office.world.working() == {"KEY2"}
    assert caught.value.outcome.key == "KEY2"
    assert len(caught.value.outcome.notified) == 2
    office.recorder.full = False
    office.bring_about()
    assert office.last.key == "KEY2"


def test_what_is_not_everywhere_yet_is_recorded_and_then_what_finished_it() -> None:
    office = Office()
    office.world.steps.down.add(office.world.unmarked.name)
    with pytest.raises(DeliveryIncomplete) as caught:
        office.expose("KEY1")
    assert len(caught.value.outcome.notified) == 2
    assert (office.last.cause, office.last.key, len(office.last.notified)) == ("exposed", "KEY2", 2)
    missing = office.last.model_dump(mode="json")["deliveries"][2]["confirmed_at"]
    assert (missing["state"], "no answer" in missing["reason"]) == ("not-checked", True)
    office.world.steps.down.clear()
    office.bring_about()
    assert (office.last.resumed, office.last.cause, office.last.key) == (True, None, "KEY2")


def test_what_is_not_everywhere_and_not_recorded_either_tells_both() -> None:
    office = Office()
    office.world.steps.down.add(office.world.unmarked.name)
    office.desk.evidence_proved, office.recorder.full = False, True
    with pytest.raises(NotRecorded, match=r"(?s)not everywhere yet.*no space left"):
        office.expose("KEY1")


def killed(office: Office, work: Callable[[], object], step: str) -> None:
    """Kill a run when it has done everything, that step among it, and is about to record it."""
    steps = office.world.steps
    record = office.recorder.record_rotation

    def dies(_: RotationRecord) -> None:
        raise Killed

    office.recorder.record_rotation = dies  # type: ignore[method-assign]
    with pytest.raises(Killed):
        work()
    office.recorder.record_rotation = record  # type: ignore[method-assign]
    assert any(done.startswith(step) for done in steps.done)
    steps.revive()


def test_a_rotation_that_a_killed_run_did_not_record_is_recorded_by_the_next() -> None:
    office = Office()
    killed(office, lambda: office.bring_about(asked=Cause.FORCED), "source create")
    assert office.last.key == "KEY1"
    outcome = office.bring_about()
    assert not outcome.changed
    assert (office.last.key, office.last.version, [row.key for row in office.last.retiring]) == ("KEY2", 2, ["KEY1"])
    office.bring_about()
    assert len(office.recorder.told) == 2


def test_an_overlap_whose_end_a_killed_run_did_not_record_is_recorded_by_the_next() -> None:
    office = Office()
    office.bring_about(asked=Cause.FORCED)
    office.world.clock.forward(days=1)
    killed(office, office.bring_about, "source delete KEY1")
    assert [row.key for row in office.last.retiring] == ["KEY1"]
    office.bring_about()
    assert (office.last.key, office.last.retiring) == ("KEY2", ())


def test_people_are_told_of_a_leak_and_never_the_value() -> None:
    office = Office()
    outcome = office.expose("KEY1")
    (told,) = office.world.dependants.told
    tags = office.world.lease
    assert (told.identity, told.lease) == (f"{tags.identity}.{tags.environment}", tags.lease)
    assert (told.key_id, told.version, told.cause) == ("KEY2", 2, "exposure")
    assert "secret-of" not in repr(told)
    names = ["notification 1", "notification 2"]
    assert [each.name for each in outcome.notified] == [row.name for row in office.last.notified] == names


def test_who_could_not_be_told_is_recorded_and_stops_nothing() -> None:
    office = Office()
    office.world.dependants.failing = "its command ended with status 1"
    outcome = office.expose("KEY1")
    assert office.world.working() == {"KEY2"}
    assert set(office.world.held().values()) == {"KEY2"}
    assert [row.problem for row in office.last.notified] == ["its command ended with status 1"] * 2
    assert len(outcome.failures) == 2


def test_nobody_to_tell_is_nobody_told() -> None:
    office = Office()
    assert notify((), office.world.wanted, office.expose("KEY1"), office.world.tools) == []


def test_an_exposure_whose_home_is_down_is_finished_by_the_next_run() -> None:
    office = Office()
    office.world.steps.down.add("home")
    with pytest.raises(SystemUnreachable):
        office.expose("KEY1")
    assert office.world.working() == set()
    office.world.steps.down.clear()
    office.expose("KEY1")
    (row,) = office.last.revoked
    assert (row.key, office.last.key) == ("KEY1", "KEY2")


def test_a_suspended_credential_is_not_given_back_by_who_only_rotates() -> None:
    office = Office()
    suspend(office.world.wanted, office.world.tools)
    office.world.steps.revive()
    for asks in ({"asked": Cause.FORCED}, {}):
        with pytest.raises(StillSuspended, match=r"suspended; nothing was changed; fix: .*nhi restore"):
            office.bring_about(restores=False, **asks)
    assert (office.world.steps.done, office.world.working()) == ([], set())


@pytest.mark.parametrize("can_disable", [True, False])
def test_a_leaked_key_of_a_suspended_credential_is_revoked_and_not_replaced(*, can_disable: bool) -> None:
    office = Office()
    office.bring_about(asked=Cause.FORCED)
    office.world.issuing.can_disable = can_disable
    suspend(office.world.wanted, office.world.tools)
    outcome = office.expose("KEY2")
    assert office.world.working() == set()
    assert "KEY2" not in office.world.issuing.living
    assert (outcome.cause, outcome.key, [each.key for each in outcome.revoked]) == (None, "", ["KEY2"])
    assert not isinstance(outcome.revoked[0].refused_at, NotChecked)
    assert ([row.key for row in office.last.revoked], len(office.last.notified)) == (["KEY2"], 2)

    restored = reconcile(office.world.wanted, office.world.tools)
    assert restored.cause is Cause.LOST
    assert set(office.world.held().values()) == {"KEY3"}
    assert "KEY2" not in office.world.working()


def test_who_restores_a_credential_does_not_enable_a_key_that_leaked() -> None:
    office = Office()
    suspend(office.world.wanted, office.world.tools)
    office.world.steps.revive()
    office.bring_about(exposed=frozenset({"KEY1"}))
    assert "source enable KEY1" not in office.world.steps.done
    assert office.world.working() == {"KEY2"}


def test_by_the_program_s_suspension_alone_a_leaked_key_is_only_revoked() -> None:
    office = Office()
    outcome = office.desk.revoke_exposed(office.terms, office.world.wanted, frozenset({"KEY1"}), office.notify)
    assert (office.world.working(), office.world.issuing.living) == (set(), {})
    assert [each.key for each in outcome.revoked] == ["KEY1"]
    assert len(office.last.notified) == 2
