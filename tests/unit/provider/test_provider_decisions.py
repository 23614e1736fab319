"""Whose decision a change of state is, and why it comes."""

from __future__ import annotations

from datetime import date

import pytest

from nhi_components.core.life import Decision, State
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.evidence.changes_of_state import Decided, Declared, EndReached
from nhi_components.provider.decisions import cause_of, decision_on

END = date(2026, 6, 1)
TAGS = LeaseTags(
    "lease-abcdefghijklmnop", "orders", "prod", "payments@example.com", "sends order events", END, "shop/prod"
)
BEFORE = date(2026, 5, 31)


def decided(state: str | None) -> dict[str, Decision]:
    return {"orders.prod": Decision(state=state, approver="Ada Example", reason="INC-7", on=date(2026, 3, 1))}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("decision", [None, "suspended", "retired"])
def test_a_decision_counts_for_what_it_decided_only(state: State, decision: str | None) -> None:
    counts = decision_on(TAGS, state, decided(decision)) is not None
    assert counts == ((decision or "active") == state)


def test_a_decision_about_another_identity_does_not_count() -> None:
    others = {"orders.test": decided("suspended")["orders.prod"]}
    assert decision_on(TAGS, State.SUSPENDED, others) is None
    assert cause_of(TAGS, State.SUSPENDED, BEFORE, others) == Declared()


def test_a_decision_comes_before_the_day_and_the_day_before_the_program() -> None:
    told = Decided(approver="Ada Example", reason="INC-7", on=date(2026, 3, 1))
    assert cause_of(TAGS, State.SUSPENDED, END, decided("suspended")) == told
    assert cause_of(TAGS, State.SUSPENDED, END, {}) == EndReached(ends=END, day=END)
    assert cause_of(TAGS, State.SUSPENDED, BEFORE, {}) == Declared()


def test_a_restoration_is_decided_or_declared() -> None:
    assert cause_of(TAGS, State.ACTIVE, END, decided(None)).cause == "decided"
    assert cause_of(TAGS, State.ACTIVE, END, decided("suspended")) == Declared()


def test_causes_are_told_in_words() -> None:
    causes = (cause_of(TAGS, State.SUSPENDED, END, told) for told in (decided("suspended"), {}))
    assert [str(cause) for cause in causes] == [
        "decided by Ada Example on 2026-03-01: INC-7",
        "its end 2026-06-01 had come on 2026-06-01",
    ]
