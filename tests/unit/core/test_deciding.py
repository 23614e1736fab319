"""Who may decide what about an identity, and what the configuration then says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from nhi_components.core.deciding import Action, Standing, Wish, decide
from nhi_components.core.errors import SpecError
from nhi_components.core.life import Decision, State

TODAY = date(2026, 3, 1)
ENDS = TODAY + timedelta(days=20)
WISH = Wish("Ada Example", "INC-7", None, TODAY)
ACTIVE = Standing("orders.prod", exists=True, declared=State.ACTIVE, ends=ENDS)


def decision(**fields: Any) -> Decision:
    return Decision.parse({"approver": "Bob Example", "reason": "CHG-1", "on": TODAY, **fields})


def until(days: int) -> Wish:
    return replace(WISH, until=TODAY + timedelta(days=days))


SUSPENDED = replace(ACTIVE, declared=State.SUSPENDED, decision=decision(state="suspended"))
RENEWED = replace(ACTIVE, decision=decision(expires=ENDS + timedelta(days=9)))
RETIRED = replace(ACTIVE, exists=False, declared=State.RETIRED, decision=decision(state="retired"))
GONE = replace(ACTIVE, exists=False, ends=TODAY - timedelta(days=30))


@pytest.mark.parametrize(("action", "state"), [(Action.SUSPEND, State.SUSPENDED), (Action.RETIRE, State.RETIRED)])
def test_access_is_taken_and_a_renewal_is_kept(action: Action, state: State) -> None:
    made = decide(action, RENEWED, WISH, TODAY)
    assert made == decision(state=state, expires=ENDS + timedelta(days=9), approver="Ada Example", reason="INC-7")


def test_what_was_decided_before_stays_as_it_was_decided() -> None:
    assert decide(Action.SUSPEND, SUSPENDED, WISH, TODAY) is None
    assert decide(Action.RETIRE, RETIRED, WISH, TODAY) is None
    assert decide(Action.RENEW, RENEWED, until(29), TODAY) is None
    assert decide(Action.RESTORE, ACTIVE, WISH, TODAY) is None
    restored = replace(SUSPENDED, decision=decision(), applied=SUSPENDED.decision)
    assert decide(Action.RESTORE, restored, WISH, TODAY) is None


def test_a_restoration_takes_the_state_back_and_keeps_a_renewal() -> None:
    standing = replace(SUSPENDED, decision=decision(state="suspended", expires=ENDS), applied=SUSPENDED.decision)
    made = decide(Action.RESTORE, standing, WISH, TODAY)
    assert made == decision(expires=ENDS, approver="Ada Example", reason="INC-7")
    assert decide(Action.RESTORE, RETIRED, until(40), TODAY) == decision(
        expires=TODAY + timedelta(days=40), approver="Ada Example", reason="INC-7"
    )


def test_an_ended_identity_comes_back_with_a_new_end_only() -> None:
    for standing in (replace(ACTIVE, ends=TODAY), GONE, replace(GONE, ends=None)):
        with pytest.raises(SpecError, match="--until"):
            decide(Action.RESTORE, standing, WISH, TODAY)
        made = decide(Action.RESTORE, standing, until(40), TODAY)
        assert made is not None
        assert made.expires == TODAY + timedelta(days=40)


@pytest.mark.parametrize(
    ("action", "standing", "wish", "said"),
    [
        (Action.SUSPEND, RETIRED, WISH, "nothing needs to be suspended"),
        (Action.SUSPEND, GONE, WISH, "nothing needs to be suspended"),
        (Action.RENEW, SUSPENDED, until(30), "nhi restore orders.prod"),
        (Action.RENEW, GONE, until(30), "nhi restore orders.prod"),
        (Action.RENEW, ACTIVE, WISH, "90d"),
        (Action.RENEW, ACTIVE, until(0), "a day after"),
        (Action.RENEW, ACTIVE, until(367), "at most 366 days"),
        (Action.RENEW, replace(ACTIVE, lifetime=timedelta(days=90)), until(91), "at most 90 days"),
        (Action.RESTORE, SUSPENDED, until(-1), "a day after"),
        (Action.RESTORE, replace(SUSPENDED, decision=None), WISH, "state='suspended'"),
        (Action.RESTORE, replace(SUSPENDED, decision=decision(), applied=decision()), WISH, "state='suspended'"),
    ],
)
def test_what_stands_against_it_is_told(action: Action, standing: Standing, wish: Wish, said: str) -> None:
    with pytest.raises(SpecError) as refused:
        decide(action, standing, wish, TODAY)
    assert said in str(refused.value)


def test_who_and_why_have_to_be_said() -> None:
    with pytest.raises(SpecError) as refused:
        decide(Action.SUSPEND, ACTIVE, Wish(" ", "?", None, TODAY), TODAY)
    assert [problem.path for problem in refused.value.problems] == ["approver", "reason"]
