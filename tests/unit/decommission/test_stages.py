"""What a case does at each stage, what stops it, and what it leaves in the inventory and in the audit trail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import delete

from nhi_components.core.errors import NhiError
from nhi_components.core.identity import Kind
from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundDependent,
    FoundGrant,
    FoundIdentity,
    FoundStep,
    Guard,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.decommission.case import Case, Despite, Stage, Terms
from nhi_components.lifecycle.decommission.cases import Overtaken
from nhi_components.lifecycle.decommission.grace import LONGEST_DAYS, SHORTEST_DAYS, grace_days_of
from nhi_components.lifecycle.decommission.ports import Presence, Target
from nhi_components.lifecycle.decommission.records import record_in
from nhi_components.lifecycle.decommission.result import Outcome, Result
from nhi_components.lifecycle.discovery.ports import Page
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.reading import Chosen, listed
from nhi_components.templates.in_force import templates_in_force
from tests.unit.decommission.fakes import ADA, GRACE, KEY, START, TARGET, TERMS, Estate, despite, stages


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate(tmp_path)


def begin(estate: Estate, terms: Terms = TERMS, *what: Despite) -> Result:
    return estate.process().begin(estate.known(), despite(*what), terms)


def go_on(estate: Estate) -> Result:
    return estate.process().go_on(case_of(estate))


def case_of(estate: Estate) -> Case:
    (case,) = estate.cases().of([KEY], closed=True)
    return case


def test_it_is_noticed_disabled_and_deleted_each_in_its_time(estate: Estate) -> None:
    terms = Terms(notice_days=3, grace_days=GRACE)
    noticed = begin(estate, terms)
    assert (noticed.outcome, noticed.until) == (Outcome.NOTICED, START + timedelta(days=3))
    assert (estate.at.disabled, estate.at.mark[1]) == (False, "noticed")
    estate.now = START + timedelta(days=3) - timedelta(seconds=1)
    assert go_on(estate).outcome is Outcome.NOTICED

    estate.now = START + timedelta(days=3)
    disabled = go_on(estate)
    assert (disabled.outcome, disabled.until) == (Outcome.DISABLED, estate.now + timedelta(days=GRACE))
    assert (estate.at.disabled, estate.at.mark) == (True, (case_of(estate).id, "disabled"))
    estate.pass_days(GRACE)
    estate.now -= timedelta(seconds=1)
    assert go_on(estate).outcome is Outcome.DISABLED
    assert estate.at.parts == ["key-1", "key-2"]

    estate.now += timedelta(seconds=1)
    assert go_on(estate).outcome is Outcome.REMOVED
    assert estate.at.unique_id == ""
    assert stages(estate) == ["noticed", "disabling", "disabled", "deleting", "removed"]
    assert [each.name for each in listed(estate.inventory, Chosen())] == []


def test_the_record_tells_what_it_was_what_it_held_who_decided_and_when(estate: Estate) -> None:
    policy, group = "arn:aws:iam::aws:policy/Queues", "arn:aws:iam::111111111111:group/bots"
    estate.scan(
        FoundCarrier(KEY, group, "group"),
        FoundCarrier(group, policy, "managed-policy"),
        FoundGrant(policy, "sqs:ReceiveMessage", "*"),
        FoundCarrier(KEY, "arn:aws:iam::aws:policy/Cap", "permissions-boundary"),
        FoundGrant("arn:aws:iam::aws:policy/Cap", "s3:*", "*"),
    )
    begin(estate)
    estate.pass_days(GRACE)
    go_on(estate)
    record = record_in(case_of(estate).record)
    assert record is not None
    assert (record.key, record.unique_id, record.systems) == (KEY, TARGET.unique_id, ("aws/111111111111",))
    assert {(each.privilege, each.holder) for each in record.privileges} == {
        ("sqs:SendMessage", KEY),
        ("sqs:ReceiveMessage", policy),
    }
    assert [(each.approver, each.reason) for each in record.approvals] == [("Ada Example", "CHG-1")]
    assert (record.reason, record.dates["disabled"], record.dates["removed"]) == ("CHG-1", START, estate.now)
    assert [each.name for each in record.removed] == ["key-1", "key-2", "orders"]
    assert record.recoverable_until == START + timedelta(days=60)
    assert estate.told[-1].record == record


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"guarded": "it is the connection's own"}, "the connection's own"),
        ({"dependents": ("function send",)}, "function send"),
        ({"mark": ("dc-of-another", "disabled")}, "dc-of-another"),
        ({"unique_id": "AROAANOTHER"}, "another one stands at its key"),
    ],
)
def test_refused_at_the_start_nothing_is_touched_and_no_case_is_opened(
    estate: Estate, changes: dict[str, Any], told: str
) -> None:
    for name, value in changes.items():
        setattr(estate.at, name, value)
    result = begin(estate)
    assert result.outcome is Outcome.REFUSED
    assert told in result.detail
    assert estate.at.calls == []
    assert estate.cases().of([KEY], closed=True) == []


def test_what_is_guarded_in_the_inventory_is_refused_whatever_is_said(estate: Estate) -> None:
    guarded = FoundIdentity(KEY, System.AWS, TARGET.place, TARGET.kind, TARGET.name, TARGET.unique_id)
    number = estate.inventory.begin(START)
    estate.inventory.open_sections(number, "aws/111111111111", ["iam/roles"])
    page = Page([replace(guarded, guard=Guard.BREAK_GLASS)])
    estate.inventory.write(number, "aws/111111111111", "iam/roles", page, START)
    result = begin(estate, TERMS, *Despite)
    assert (result.outcome, "break-glass" in result.detail) == (Outcome.REFUSED, True)


def test_dependents_of_the_inventory_count_and_so_does_who_may_become_it(estate: Estate) -> None:
    other = "arn:aws:iam::111111111111:role/batch"
    estate.scan(
        FoundDependent(KEY, "function", "arn:send"),
        FoundStep("ec2.amazonaws.com", KEY, "assume"),
        FoundStep(other, KEY, "assume"),
        FoundIdentity(other, System.AWS, TARGET.place, "iam-role", "batch", "AROABATCH"),
    )
    assert estate.known().dependents == ("function arn:send", f"iam-role {other}")
    refused = begin(estate)
    assert "function arn:send" in refused.detail
    assert begin(estate, TERMS, Despite.DEPENDENTS).outcome is Outcome.DISABLED


def test_used_since_the_notice_it_is_refused_and_the_mark_is_taken_off(estate: Estate) -> None:
    begin(estate, Terms(3, GRACE))
    estate.at.used_at = START + timedelta(hours=1)
    estate.pass_days(3)
    result = go_on(estate)
    assert (result.outcome, "used since the notice" in result.detail) == (Outcome.REFUSED, True)
    assert (estate.at.mark, estate.at.disabled) == (("", ""), False)
    assert stages(estate) == ["noticed", "refused"]
    assert begin(estate).outcome is Outcome.DISABLED


def test_used_before_the_notice_it_goes_on(estate: Estate) -> None:
    estate.at.used_at = START - timedelta(seconds=1)
    assert begin(estate).outcome is Outcome.DISABLED


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"disabled": False}, "enabled it again"),
        ({"mark": ("", "")}, "taken the mark"),
        ({"mark": ("dc-of-another", "disabled")}, "dc-of-another"),
        ({"used_at": START + timedelta(days=1)}, "used, or somebody tried to"),
        ({"dependents": ("function send",)}, "function send"),
        ({"guarded": "it is the connection's own"}, "the connection's own"),
    ],
)
def test_what_happens_during_the_grace_stops_the_delete(estate: Estate, changes: dict[str, Any], told: str) -> None:
    begin(estate)
    for name, value in changes.items():
        setattr(estate.at, name, value)
    estate.pass_days(GRACE)
    stopped = go_on(estate)
    assert (stopped.outcome, told in stopped.detail) == (Outcome.STOPPED, True)
    assert (estate.at.unique_id, estate.at.parts) == (TARGET.unique_id, ["key-1", "key-2"])
    assert case_of(estate).stopped == stopped.detail
    assert estate.process().restore(case_of(estate), ADA).outcome is Outcome.RESTORED
    assert estate.at.disabled is False


def test_a_person_may_decide_that_it_goes_on_despite_use_and_is_named_for_that(estate: Estate) -> None:
    begin(estate)
    estate.at.used_at = START + timedelta(days=1)
    estate.pass_days(GRACE)
    assert go_on(estate).outcome is Outcome.STOPPED
    bob = replace(despite(Despite.USE), approver="Bob Example", reason="CHG-2")
    assert estate.process().begin(estate.known(), bob, TERMS).outcome is Outcome.REMOVED
    record = record_in(case_of(estate).record)
    assert record is not None
    assert [each.approver for each in record.approvals] == ["Ada Example", "Bob Example"]
    assert "despite use" in record.approvals[1].detail


def test_a_use_just_after_the_disable_does_not_count(estate: Estate) -> None:
    begin(estate)
    estate.at.used_at = START + timedelta(minutes=4)
    estate.pass_days(GRACE)
    assert go_on(estate).outcome is Outcome.REMOVED


def test_a_use_during_the_notice_that_is_told_late_stops_the_delete(estate: Estate) -> None:
    begin(estate, Terms(3, GRACE))
    estate.pass_days(3)
    go_on(estate)
    estate.at.used_at = START + timedelta(days=2)
    estate.pass_days(GRACE)
    assert go_on(estate).outcome is Outcome.STOPPED
    estate.at.used_at = START - timedelta(seconds=1)
    assert go_on(estate).outcome is Outcome.REMOVED


def test_without_a_place_for_marks_it_goes_on_without(estate: Estate) -> None:
    estate.at.marks = False
    begin(estate)
    assert case_of(estate).marked is False
    estate.pass_days(GRACE)
    assert go_on(estate).outcome is Outcome.REMOVED


def test_what_cannot_be_disabled_waits_for_a_decision_and_then_for_the_grace(estate: Estate) -> None:
    estate.at.reversible = False
    stopped = begin(estate)
    assert (stopped.outcome, "there is no way back" in stopped.detail) == (Outcome.STOPPED, True)
    waiting = begin(estate, TERMS, Despite.NOT_DISABLED)
    assert (waiting.outcome, waiting.until) == (Outcome.DISABLED, START + timedelta(days=GRACE))
    assert "disable" not in estate.at.calls
    assert "not disabled" in estate.told[-1].noted.detail
    estate.pass_days(GRACE)
    assert go_on(estate).outcome is Outcome.REMOVED


def test_what_cannot_be_disabled_is_restored_by_taking_the_mark_off(estate: Estate) -> None:
    estate.at.reversible = False
    begin(estate, TERMS, Despite.NOT_DISABLED)
    assert estate.process().restore(case_of(estate), ADA).outcome is Outcome.RESTORED
    assert estate.at.mark == ("", "")


def test_what_was_disabled_before_is_so_again_after_a_restore(estate: Estate) -> None:
    estate.at.disabled = True
    begin(estate)
    assert case_of(estate).before is Presence.DISABLED
    assert estate.process().restore(case_of(estate), ADA).outcome is Outcome.RESTORED
    assert estate.at.disabled is True


def test_a_system_that_does_not_obey_is_told_and_the_grace_does_not_begin(estate: Estate) -> None:
    estate.at.obeys = False
    with pytest.raises(NhiError, match="is alive after disabling"):
        begin(estate)
    assert (case_of(estate).stage, case_of(estate).grace_until) == (Stage.DISABLING, None)
    estate.at.obeys = True
    assert go_on(estate).outcome is Outcome.DISABLED


def test_removed_by_somebody_else_the_case_is_closed_and_says_so(estate: Estate) -> None:
    begin(estate)
    estate.at.unique_id = "AROANAMESAKE"
    estate.at.calls.clear()
    estate.pass_days(GRACE)
    result = go_on(estate)
    assert (result.outcome, "somebody else had removed it" in result.detail) == (Outcome.REMOVED, True)
    assert estate.at.calls == []


def test_done_twice_nothing_changes(estate: Estate) -> None:
    begin(estate)
    estate.at.calls.clear()
    told = len(estate.told)
    again = begin(estate)
    assert (again.outcome, estate.at.calls, len(estate.told)) == (Outcome.DISABLED, [], told)
    estate.pass_days(GRACE)
    go_on(estate)
    told = len(estate.told)
    assert go_on(estate).outcome is Outcome.REMOVED
    assert begin(estate).outcome is Outcome.GONE
    assert len(estate.told) == told


@pytest.mark.parametrize("stage", [Stage.DELETING, Stage.REMOVED])
def test_nothing_takes_a_delete_back(estate: Estate, stage: Stage) -> None:
    begin(estate)
    estate.cases().move(case_of(estate), stage, START)
    with pytest.raises(NhiError, match="nothing takes back"):
        estate.process().restore(case_of(estate), ADA)


def test_a_restore_of_what_is_gone_says_so(estate: Estate) -> None:
    begin(estate)
    estate.at.unique_id = ""
    assert estate.process().restore(case_of(estate), ADA).outcome is Outcome.REMOVED


def test_hooks_are_told_once_and_before_anything_is_disabled(estate: Estate) -> None:
    told: list[str] = []
    answers = [["the hook is down"], []]

    def notify(case: Case) -> list[str]:
        told.append(case.target.key)
        return answers.pop(0)

    estate.notify = notify
    stopped = begin(estate)
    assert (stopped.outcome, "the hook is down" in stopped.detail) == (Outcome.STOPPED, True)
    assert estate.at.disabled is False
    assert begin(estate).outcome is Outcome.DISABLED
    begin(estate)
    assert told == [KEY, KEY]


def test_the_notice_runs_from_when_the_hooks_were_told(estate: Estate) -> None:
    answers = [["the hook is down"], []]
    estate.notify = lambda _: answers.pop(0)
    assert begin(estate, Terms(3, GRACE)).outcome is Outcome.STOPPED
    assert case_of(estate).due_at is None
    estate.pass_days(3)
    waiting = go_on(estate)
    assert (waiting.outcome, waiting.until) == (Outcome.NOTICED, START + timedelta(days=6))
    assert (case_of(estate).due_at, estate.at.disabled) == (START + timedelta(days=6), False)


def test_what_the_inventory_does_not_know_is_not_called_free_of_dependents(estate: Estate) -> None:
    begin(estate)
    with estate.inventory.writing() as connection:
        connection.execute(delete(tables.identities))
    estate.pass_days(GRACE)
    stopped = go_on(estate)
    assert (stopped.outcome, "the inventory does not know it" in stopped.detail) == (Outcome.STOPPED, True)
    assert estate.at.unique_id == TARGET.unique_id


def test_two_who_open_a_case_at_once_have_the_same_one(estate: Estate) -> None:
    results: list[Result] = []
    both = [Thread(target=lambda: results.append(begin(estate))) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert [each.outcome for each in results] == [Outcome.DISABLED] * 2
    assert len({each.case.id for each in results if each.case}) == 1
    assert estate.at.calls.count("disable") == 1


def test_the_database_itself_keeps_one_open_case_and_refuses_a_stale_version(estate: Estate) -> None:
    cases = estate.cases()
    first = cases.open(TARGET, ADA, TERMS, estate.known().held, START, START)
    assert cases.open(TARGET, ADA, TERMS, estate.known().held, START, START).id == first.id
    cases.move(first, Stage.DISABLING, START)
    with pytest.raises(Overtaken, match="somebody else works on it"):
        cases.move(first, Stage.RESTORING, START)
    assert cases.get(first.id).stage is Stage.DISABLING


def test_an_audit_trail_that_fails_keeps_the_case_from_going_on(estate: Estate) -> None:
    process = estate.process()

    def fails(_: object) -> None:
        raise NhiError("no evidence could be written")

    object.__setattr__(process._tools, "record", fails)
    with pytest.raises(NhiError, match="no evidence"):
        process.begin(estate.known(), ADA, TERMS)
    assert estate.at.calls == []
    assert begin(estate).outcome is Outcome.DISABLED
    assert stages(estate) == ["noticed", "disabling", "disabled"]


def test_a_plan_tells_what_would_be_done_and_changes_nothing(estate: Estate) -> None:
    def plan(days: int = 0, terms: Terms = TERMS, *what: Despite) -> Result:
        now = estate.now + timedelta(days=days)
        case = estate.cases().open_for(TARGET)
        return estate.process().plan(estate.known(), case, despite(*what), terms, now)

    assert "disabled now, and deleted from 2026-12-14 on" in plan().detail
    assert "disabled from 2026-12-05 on" in plan(terms=Terms(5, GRACE)).detail
    estate.at.reversible = False
    assert plan().outcome is Outcome.STOPPED
    assert "would not be disabled" in plan(0, TERMS, Despite.NOT_DISABLED).detail
    estate.at.reversible = True
    estate.at.guarded = "it is the connection's own"
    assert plan().outcome is Outcome.REFUSED
    estate.at.guarded = ""
    assert (estate.at.calls, estate.cases().of([KEY], closed=True)) == ([], [])

    begin(estate)
    estate.at.calls.clear()
    before = case_of(estate)
    assert "deleted from 2026-12-14 on" in plan().detail
    assert "deleted now" in plan(GRACE).detail
    estate.at.disabled = False
    assert plan(GRACE).outcome is Outcome.STOPPED
    assert "given back" in estate.process().plan_restore(before).detail
    assert (estate.at.calls, case_of(estate)) == ([], before)


def test_the_grace_is_that_of_the_template_within_a_week_and_a_month() -> None:
    templates = templates_in_force(Path("/nonexistent"), {}).by_kind
    longest = {kind: template.model_copy(update={"grace_days": 90}) for kind, template in templates.items()}
    none = {kind: template.model_copy(update={"grace_days": 0}) for kind, template in templates.items()}

    def days(kind: str, of: Any = templates) -> int:
        return grace_days_of(Target("key", "id", System.AWS, "place", kind, "name"), of)

    assert days("iam-role") == templates[Kind.WORKLOAD].grace_days == 14
    assert days("iam-user") == days("unheard-of") == templates[Kind.SERVICE_ACCOUNT].grace_days == 30
    assert (days("iam-role", longest), days("iam-role", none)) == (LONGEST_DAYS, SHORTEST_DAYS)
