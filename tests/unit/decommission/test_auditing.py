"""What the audit trail is told of the stages of a case."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from nhi_components.lifecycle.decommission.auditing import audit_event
from nhi_components.lifecycle.decommission.case import Terms
from nhi_components.lifecycle.evidence.audit_events import MOST_PRIVILEGES, AuditEvent, EventType, Outcome
from nhi_components.lifecycle.evidence.parts import Known
from tests.unit.decommission.fakes import ADA, GRACE, KEY, START, TERMS, Estate

CRON = Known(value="cron")


def told(estate: Estate) -> list[AuditEvent]:
    events = (audit_event(event, CRON) for event in estate.told)
    return [event for event in events if event is not None]


def test_each_stage_that_has_an_effect_is_told_once_with_who_decided_it(tmp_path: Path) -> None:
    estate = Estate(tmp_path)
    estate.process().begin(estate.known(), ADA, TERMS)
    (case,) = estate.cases().of([KEY])
    estate.pass_days(GRACE)
    estate.process().go_on(case)
    events = told(estate)
    assert [event.type for event in events] == [
        EventType.IDENTITY_NOTICED,
        EventType.IDENTITY_DISABLED,
        EventType.IDENTITY_REMOVED,
    ]
    assert len({event.id for event in events}) == len(events)
    for event in events:
        assert event.identity is not None
        assert (event.identity.key, event.case, event.actor) == (KEY, case.id, CRON)
        assert (event.approver, event.reason) == (Known(value="Ada Example"), Known(value="CHG-1"))
    removal = events[-1].removal
    assert removal is not None
    assert [each.privilege for each in removal.privileges] == ["sqs:SendMessage"]
    assert [each.stage for each in removal.stages] == ["noticed", "disabling", "disabled", "deleting", "removed"]
    assert removal.removed[-1].recoverable_until == START + timedelta(days=60)


def test_a_restoration_and_a_refusal_are_told(tmp_path: Path) -> None:
    estate = Estate(tmp_path)
    estate.process().begin(estate.known(), ADA, TERMS)
    (case,) = estate.cases().of([KEY])
    estate.process().restore(case, ADA)
    assert told(estate)[-1].type is EventType.IDENTITY_RESTORED

    estate.process().begin(estate.known(), ADA, Terms(3, GRACE))
    (second,) = estate.cases().of([KEY])
    estate.at.used_at = START + timedelta(days=1)
    estate.pass_days(3)
    estate.process().go_on(second)
    refused = told(estate)[-1]
    assert (refused.type, refused.outcome) == (EventType.IDENTITY_NOTICED, Outcome.FAILURE)
    assert any("used since the notice" in each.value for each in refused.detail)


def test_of_very_many_privileges_it_is_said_how_many_are_left_out(tmp_path: Path) -> None:
    estate = Estate(tmp_path)
    estate.process().begin(estate.known(), ADA, TERMS)
    (case,) = estate.cases().of([KEY])
    privilege = case.held["privileges"][0]
    estate.cases().keep(case, held={**case.held, "privileges": [privilege] * (MOST_PRIVILEGES + 3)})
    estate.pass_days(GRACE)
    estate.process().go_on(case)
    removal = told(estate)[-1].removal
    assert removal is not None
    assert (len(removal.privileges), removal.privileges_left_out) == (MOST_PRIVILEGES, 3)
