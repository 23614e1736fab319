"""What is due of a lease on a day: what days and decisions ask for and the last `up` has not done; pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from nhi_components.core.life import Decision, State, state_on


class Due(StrEnum):
    """What has to be done, or soon will have to."""

    SUSPENSION = "suspension"
    RETIREMENT = "retirement"
    RESTORATION = "restoration"
    RENEWAL = "renewal"
    DECISION = "decision"
    NOTICE = "notice"

    @property
    def settled_by_up(self) -> bool:
        """Whether an `up` does it; a decision is a person's, and a notice asks for nothing yet."""
        return self not in (Due.DECISION, Due.NOTICE)


@dataclass(frozen=True, slots=True)
class LeaseOnDay:
    """A lease as the last `up` left it, and what is decided about it now.

    Attributes:
        declared: the state that program and decision asked for at the last `up`.
        state: active or suspended, as the last `up` made it.
        ends: the UTC day at whose start access ends.
        grace_days: days from then on after which it is retired.
        decision: what the configuration says now.
        applied: what it said at the last `up`; None when it said nothing, or nobody knows.
        cut_off: whether it was found cut off, by `nhi kill` or by a teardown that was not completed.
    """

    declared: State
    state: State
    ends: date
    grace_days: int
    decision: Decision | None = None
    applied: Decision | None = None
    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is due, and why."""

    due: Due
    why: str


def due_on(today: date, lease: LeaseOnDay, *, warn_days: int) -> Verdict | None:
    """Tell what is due of a lease on a day; None when nothing is.

    Args:
        today: the UTC day.
        lease: how it stands.
        warn_days: for how many days ahead an end is told.
    """
    decided = lease.decision.state if lease.decision else None
    ends = lease.decision.expires if lease.decision and lease.decision.expires else lease.ends
    wanted = state_on(
        today, max(_program(lease), decided or State.ACTIVE, key=list(State).index), ends, lease.grace_days
    )
    why = _decided(lease.decision) if lease.decision and wanted is decided else f"ended on {ends}"
    if wanted is State.RETIRED:
        over = f"its grace of {lease.grace_days} days after {ends} is over"
        return Verdict(Due.RETIREMENT, why if wanted is decided else over)
    if wanted is State.SUSPENDED:
        return Verdict(Due.SUSPENSION, why) if lease.state is State.ACTIVE else None
    if lease.state is State.SUSPENDED:
        return Verdict(Due.RESTORATION, _decided(lease.decision) if lease.decision else "no longer suspended")
    if lease.decision and ends != lease.ends:
        return Verdict(Due.RENEWAL, f"until {ends}, {_decided(lease.decision)}")
    if lease.cut_off:
        return Verdict(
            Due.DECISION, "cut off, but not suspended: `nhi suspend` it, or `pulumi up --refresh` gives it back"
        )
    if ends - today <= timedelta(days=warn_days):
        return Verdict(Due.NOTICE, f"ends on {ends}, in {(ends - today).days} days")
    return None


def _program(lease: LeaseOnDay) -> State:
    """Tell what the program itself declares, as far as the last `up` shows."""
    if lease.applied:
        return State.ACTIVE if lease.applied.state is lease.declared else lease.declared
    return State.ACTIVE if lease.decision else lease.declared


def _decided(decision: Decision) -> str:
    return f"decided by {decision.approver} on {decision.on}: {decision.reason}"
