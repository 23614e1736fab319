"""The declared life: days, decisions, and which of both is stricter."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.core.errors import SpecError
from nhi_components.core.identity import Identity
from nhi_components.core.life import Decision, Decisions, State, decided, lease_of, state_on

ENDS = date(2027, 3, 1)
FIELDS: dict[str, Any] = {
    "name": "orders",
    "environment": "prod",
    "owner": {"team": "payments", "email": "payments@example.com"},
    "purpose": "send order events",
    "expires": ENDS,
}
DECIDED: dict[str, Any] = {"approver": "Ada Example", "reason": "INC-7", "on": "2026-11-22"}
STATES = st.sampled_from(list(State))
DAYS = st.dates(date(2026, 1, 1), date(2028, 1, 1))


def identity(**changes: Any) -> Identity:
    return Identity.parse({**FIELDS, **changes})


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (ENDS - timedelta(days=1), State.ACTIVE),
        (ENDS, State.SUSPENDED),
        (ENDS + timedelta(days=13), State.SUSPENDED),
        (ENDS + timedelta(days=14), State.RETIRED),
    ],
)
def test_days_lead_from_active_over_suspended_to_retired(day: date, state: State) -> None:
    assert state_on(day, State.ACTIVE, ENDS, 14) is state


@given(DAYS, DAYS, STATES, st.integers(0, 90))
def test_time_only_tightens(day: date, later: date, declared: State, grace: int) -> None:
    order = list(State).index
    first, second = sorted((day, later))
    states = [state_on(when, declared, ENDS, grace) for when in (first, second)]
    assert order(declared) <= order(states[0]) <= order(states[1])


@given(STATES, st.sampled_from([None, State.SUSPENDED, State.RETIRED]))
def test_the_stricter_of_program_and_decision_holds(declared: State, decision: State | None) -> None:
    given_decision = Decision.parse({**DECIDED, "state": decision})
    states = [declared, decision or State.ACTIVE]
    assert decided(identity(state=declared), given_decision).state is max(states, key=list(State).index)


def test_a_decided_end_replaces_the_declared_one() -> None:
    renewed = decided(identity(expires={"after_days": 30}), Decision.parse({**DECIDED, "expires": "2027-09-01"}))
    assert renewed.expires.resolve(date(2026, 1, 1)) == date(2027, 9, 1)
    assert decided(identity(), None) == identity()


def test_decisions_are_found_by_identity_and_environment() -> None:
    decisions = Decisions.parse({"life": {"orders.prod": DECIDED, "orders.test": {**DECIDED, "state": "retired"}}})
    assert decisions.about(identity()) == Decision.parse(DECIDED)
    assert decisions.about(identity(environment="dev")) is None


def test_everything_wrong_with_decisions_is_told_at_once() -> None:
    wrong = {"orders.prod": {"state": "active", "approver": "A"}, "orders": DECIDED, "a.b": {**DECIDED, "until": 1}}
    with pytest.raises(SpecError) as caught:
        Decisions.parse({"life": wrong})
    paths = {problem.path for problem in caught.value.problems}
    assert {f"life.orders.prod.{field}" for field in ("state", "approver", "reason", "on")} <= paths
    assert "life.a.b.until" in paths
    with pytest.raises(SpecError, match=r"orders\.prod"):
        Decisions.parse({"life": {"orders": DECIDED}})


def test_the_lease_is_that_of_the_same_identity_and_name() -> None:
    known = {"identity": {"name": "orders", "environment": "prod"}, "issued": "2026-05-01"}
    leases = {"urn:pulumi:dev::shop::nhi:vault:X$nhi:index:Lease::orders-lease": known}
    assert lease_of(leases, "orders-lease", identity()) == known
    assert lease_of(leases, "other-lease", identity()) is None
    assert lease_of(leases, "orders-lease", identity(environment="dev")) is None
