"""What a person may decide about an identity's life, and what the decision then says; pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.expiry import MAXIMUM_LIFETIME, problem_of_new_end
from nhi_components.core.life import Decision, State


class Action(StrEnum):
    """What can be decided."""

    SUSPEND = "suspend"
    RETIRE = "retire"
    RENEW = "renew"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an identity stands before the decision.

    Attributes:
        key: `<identity>.<environment>`.
        exists: whether the stack holds a lease of it.
        declared: the state at the last `up`: the program's, and the decision's that was in force.
        ends: its end date at the last `up`; None without a lease, when its issue day alone would tell.
        decision: what the configuration says now.
        applied: what it said at the last `up`; None when it said nothing, or nobody knows.
        lifetime: the longest that an identity of its kind may still have to live.
    """

    key: str
    exists: bool
    declared: State
    ends: date | None
    decision: Decision | None = None
    applied: Decision | None = None
    lifetime: timedelta = MAXIMUM_LIFETIME

    @property
    def declared_by_program(self) -> bool:
        """Whether the program itself says `suspended` or `retired`, as far as the last `up` shows."""
        if self.declared is State.ACTIVE:
            return False
        return self.applied.state is not self.declared if self.applied else self.decision is None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for.

    Attributes:
        approver: who decides.
        reason: why.
        until: the new end date: the UTC day at whose start access ends.
        on: the UTC day of the decision.
    """

    approver: str
    reason: str
    until: date | None
    on: date


def decide(action: Action, standing: Standing, wish: Wish, today: date) -> Decision | None:
    """Tell what the configuration has to say about an identity.

    Args:
        action: what is decided.
        standing: how the identity stands.
        wish: who wants it, and why.
        today: the UTC day by which the end date is judged.

    Returns:
        The decision; None when the configuration says so already.

    Raises:
        SpecError: with everything that stands against it.
    """
    match action:
        case Action.SUSPEND:
            return _suspended(standing, wish)
        case Action.RETIRE:
            return _stricter(standing, wish, State.RETIRED)
        case Action.RENEW:
            return _renewed(standing, wish, today)
        case Action.RESTORE:
            return _restored(standing, wish, today)


def _suspended(standing: Standing, wish: Wish) -> Decision | None:
    if State.RETIRED in (_decided_state(standing), standing.declared) or not standing.exists:
        fix = "nothing needs to be suspended; `nhi restore` takes a decided retirement back"
        raise _refused(Action.SUSPEND, standing, "state", "retired", "an identity that is not retired", fix)
    return _stricter(standing, wish, State.SUSPENDED)


def _stricter(standing: Standing, wish: Wish, state: State) -> Decision | None:
    if _decided_state(standing) is state:
        return None
    return _decision(wish, state, standing.decision.expires if standing.decision else None)


def _renewed(standing: Standing, wish: Wish, today: date) -> Decision | None:
    if state := _decided_state(standing):
        fix = f"take that back, with a new end date if need be: `nhi restore {standing.key} --until DATE`"
        raise _refused(Action.RENEW, standing, "state", f"{state} by decision", "no such decision", fix)
    if not standing.exists:
        fix = f"bring it back: `nhi restore {standing.key} --until DATE`"
        raise _refused(Action.RENEW, standing, "state", "retired", "an identity that exists", fix)
    if wish.until is None:
        fix = "give `--until 2027-06-30`, or `--until 90d`"
        raise _refused(Action.RENEW, standing, "until", "nothing", "the new end date", fix)
    _refuse_end(Action.RENEW, standing, wish.until, today)
    if standing.decision and standing.decision.expires == wish.until:
        return None
    return _decision(wish, None, wish.until)


def _restored(standing: Standing, wish: Wish, today: date) -> Decision | None:
    decided = _decided_state(standing)
    if decided is None and standing.declared_by_program:
        fix = f"take `state={standing.declared.value!r}` out of the program: a decision only tightens what it declares"
        raise _refused(Action.RESTORE, standing, "state", f"{standing.declared} by the program", "a decision", fix)
    known_end = standing.decision.expires if standing.decision and standing.decision.expires else standing.ends
    ends = wish.until or known_end
    if wish.until:
        _refuse_end(Action.RESTORE, standing, wish.until, today)
    elif (ends and ends <= today) or (decided is None and not standing.exists):
        fix = f"give the new end date: `nhi restore {standing.key} --until DATE`"
        got = f"{ends or 'an end that is over'}, so that it would be suspended again at once"
        raise _refused(Action.RESTORE, standing, "until", got, "an end date that is yet to come", fix)
    changes_end = wish.until is not None and wish.until != known_end
    if decided is None and not changes_end:
        return None
    return _decision(wish, None, wish.until or (standing.decision.expires if standing.decision else None))


def _refuse_end(action: Action, standing: Standing, until: date, today: date) -> None:
    problem = problem_of_new_end(until, today)
    if problem is None and until - today > standing.lifetime:
        latest = today + standing.lifetime
        expected = f"at most {standing.lifetime.days} days ahead, as the template of its kind says"
        problem = Problem("expires", until.isoformat(), expected, f"give a day up to {latest}")
    if problem:
        raise _problems(action, standing, [Problem("until", problem.got, problem.expected, problem.fix)])


def _decided_state(standing: Standing) -> State | None:
    return standing.decision.state if standing.decision else None


def _decision(wish: Wish, state: State | None, expires: date | None) -> Decision:
    fields = {"state": state, "expires": expires, "approver": wish.approver, "reason": wish.reason, "on": wish.on}
    return Decision.parse(fields)


def _refused(action: Action, standing: Standing, path: str, got: str, expected: str, fix: str) -> SpecError:
    return _problems(action, standing, [Problem(path, got, expected, fix)])


def _problems(action: Action, standing: Standing, problems: Sequence[Problem]) -> SpecError:
    return SpecError(f"{action} {standing.key}", problems)
