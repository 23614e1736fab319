"""What is due of a lease on a day, by days and decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from nhi_components.core.due import Due, LeaseOnDay, due_on
from nhi_components.core.life import Decision, State

TODAY = date(2026, 3, 1)


def decision(**fields: Any) -> Decision:
    return Decision.parse({"approver": "Ada Example", "reason": "INC-7", "on": TODAY, **fields})


def ending(days: int) -> LeaseOnDay:
    return LeaseOnDay(State.ACTIVE, State.ACTIVE, TODAY + timedelta(days=days), grace_days=7)


ACTIVE = ending(60)
TAKEN = replace(ACTIVE, declared=State.SUSPENDED, state=State.SUSPENDED)
SUSPEND, RETIRE, RESTORE = decision(state="suspended"), decision(state="retired"), decision()
RENEWED = decision(expires=TODAY + timedelta(days=200))


@pytest.mark.parametrize(
    ("lease", "due"),
    [
        (ACTIVE, None),
        (ending(15), None),
        (ending(14), Due.NOTICE),
        (ending(1), Due.NOTICE),
        (ending(0), Due.SUSPENSION),
        (replace(ending(0), state=State.SUSPENDED), None),
        (replace(ending(-6), state=State.SUSPENDED), None),
        (replace(ending(-7), state=State.SUSPENDED), Due.RETIREMENT),
        (ending(-7), Due.RETIREMENT),
        (replace(ACTIVE, decision=SUSPEND), Due.SUSPENSION),
        (replace(TAKEN, decision=SUSPEND, applied=SUSPEND), None),
        (replace(ACTIVE, decision=RETIRE), Due.RETIREMENT),
        (replace(TAKEN, decision=RETIRE, applied=SUSPEND), Due.RETIREMENT),
        (replace(TAKEN, decision=RESTORE, applied=SUSPEND), Due.RESTORATION),
        (replace(TAKEN, decision=None, applied=SUSPEND), Due.RESTORATION),
        (replace(TAKEN, decision=RESTORE, applied=RESTORE), None),
        (TAKEN, None),
        (replace(ACTIVE, decision=RENEWED), Due.RENEWAL),
        (replace(ending(200), decision=RENEWED, applied=RENEWED), None),
        (replace(ending(-20), state=State.SUSPENDED, decision=RENEWED), Due.RESTORATION),
        (replace(ACTIVE, cut_off=True), Due.DECISION),
        (replace(ACTIVE, cut_off=True, decision=SUSPEND), Due.SUSPENSION),
    ],
)
def test_each_day_and_decision(lease: LeaseOnDay, due: Due | None) -> None:
    found = due_on(TODAY, lease, warn_days=14)
    assert (found.due if found else None) == due


def test_the_decision_is_named() -> None:
    found = due_on(TODAY, replace(ACTIVE, decision=SUSPEND), warn_days=14)
    assert found is not None
    assert found.why == "decided by Ada Example on 2026-03-01: INC-7"
    ended = due_on(TODAY, ending(-7), warn_days=14)
    assert ended is not None
    assert "grace of 7 days" in ended.why


def test_only_what_an_up_does_is_settled_by_one() -> None:
    assert {due for due in Due if not due.settled_by_up} == {Due.DECISION, Due.NOTICE}
