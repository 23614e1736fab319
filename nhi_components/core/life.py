"""The declared life of an identity: active, suspended, retired; renewed and restored by a reviewed decision.

The program is the truth. It declares a state and an end date; a decision in the stack's configuration may tighten the
one and replace the other, with approver and reason. Days do the rest: at its end an identity is suspended, after its
grace period it is retired.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from nhi_components.core.model import Spec, wrong

if TYPE_CHECKING:
    from nhi_components.core.identity import Identity

LONGEST_GRACE_DAYS = 90
"""No grace is longer; the field asks for 7 to 30 days, and for a disabled identity nobody should wait a quarter."""

LAST_LEASE = "lastLease"
"""The output under which the shell of a retired identity remembers its last lease."""


class State(StrEnum):
    """What an identity is allowed: what it is granted; nothing, but it can be restored; not even to exist."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


_STRICTNESS = tuple(State)
_MIDNIGHT = " 00:00:00 +0000 UTC"
"""What engine 3.220 adds to a date that stands in a stack's configuration without quotation marks."""


def _decided_state(value: object) -> object:
    if value not in (None, State.SUSPENDED, State.RETIRED):
        raise wrong(got=value, expected="suspended or retired", fix="give one of them; to restore, leave the state out")
    return value


def _day(value: object) -> object:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).removesuffix(_MIDNIGHT))
    except ValueError:
        raise wrong(got=value, expected="a day, as YYYY-MM-DD", fix="write it like 2027-01-31") from None


def _fields(value: object) -> object:
    if not isinstance(value, Mapping | Decision):
        expected = "an object with approver, reason, on, and state or expires"
        raise wrong(got=value, expected=expected, fix="let `nhi suspend`, `retire`, `renew` or `restore` write it")
    return value


def _decisions(value: object) -> object:
    if not isinstance(value, Mapping):
        fix = "let `nhi suspend`, `retire`, `renew` or `restore` write it"
        raise wrong(got=value, expected="decisions by `<identity>.<environment>`", fix=fix)
    return value


class Decision(Spec):
    """What people decided about one identity, as the stack's configuration keeps it.

    Attributes:
        state: `suspended` or `retired`; None after a renewal or a restoration.
        expires: the UTC day at whose start access ends, in place of what the program says.
        approver: who decided.
        reason: why, at least 4 characters, such as a ticket's number.
        on: the UTC day of the decision.
    """

    subject: ClassVar[str] = "decision"

    state: Annotated[Literal[State.SUSPENDED, State.RETIRED] | None, BeforeValidator(_decided_state)] = None
    expires: Annotated[date | None, BeforeValidator(_day)] = None
    approver: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=400)]
    on: Annotated[date, BeforeValidator(_day)]


def _keyed(decisions: dict[str, Decision]) -> dict[str, Decision]:
    for key in decisions:
        name, dot, environment = key.rpartition(".")
        if not (name and dot and environment):
            raise wrong(got=key, expected="<identity>.<environment>", fix="write it like `orders.prod`")
    return decisions


class Decisions(Spec):
    """Every decision of a stack: its configuration `nhi:life`.

    Attributes:
        life: by `<identity>.<environment>`, such as `orders.prod`.
    """

    subject: ClassVar[str] = "configuration nhi"

    life: Annotated[
        dict[str, Annotated[Decision, BeforeValidator(_fields)]], AfterValidator(_keyed), BeforeValidator(_decisions)
    ] = Field(default_factory=dict)

    def about(self, identity: Identity) -> Decision | None:
        """Find the decision about an identity."""
        return self.life.get(key_of(identity.name, identity.environment))


def key_of(name: str, environment: str) -> str:
    """Tell under which key a decision about an identity stands."""
    return f"{name}.{environment}"


def decided(identity: Identity, decision: Decision | None) -> Identity:
    """Apply a decision to what the program declares: the stricter state holds, a decided end date replaces."""
    if decision is None:
        return identity
    state = max(identity.state, decision.state or State.ACTIVE, key=_STRICTNESS.index)
    changes: dict[str, Any] = {"state": state}
    if decision.expires:
        changes["expires"] = identity.expires.model_copy(update={"on": decision.expires, "after_days": None})
    return identity.model_copy(update=changes)


def state_on(today: date, declared: State, ends: date, grace_days: int) -> State:
    """Tell an identity's state on a day.

    Args:
        today: the UTC day.
        declared: what the program and the decisions say.
        ends: the UTC day at whose start access ends.
        grace_days: days from then on after which it is retired, 0 to 90.
    """
    reached = State.ACTIVE
    if today >= ends:
        reached = State.RETIRED if today >= ends + timedelta(days=grace_days) else State.SUSPENDED
    return max(declared, reached, key=_STRICTNESS.index)


def lease_of(leases: Mapping[str, Mapping[str, Any]], lease_name: str, identity: Identity) -> Mapping[str, Any] | None:
    """Find an identity's lease among those that a state holds; None when there is none yet.

    Args:
        leases: the outputs of each lease by its URN.
        lease_name: the lease's name in the program.
        identity: whose it is.
    """
    for urn, outputs in leases.items():
        known = outputs.get("identity") or {}
        same = (known.get("name"), known.get("environment")) == (identity.name, identity.environment)
        if same and urn.rpartition("::")[2] == lease_name and outputs.get("issued"):
            return outputs
    return None
