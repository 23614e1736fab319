"""What decisions about identities say of a change of state that is under way: who decided it, and why it comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from nhi_components.core.life import Decision, State, key_of
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.evidence.changes_of_state import Decided, Declared, EndReached


def decision_on(tags: LeaseTags, state: State, decisions: Mapping[str, Decision]) -> Decision | None:
    """Find the decision by which a lease's identity takes on a state.

    A decision counts for what it decided only: who renewed an identity has not approved that it is removed later.

    Args:
        tags: the lease's terms.
        state: what the identity becomes; `active` when it is restored or renewed.
        decisions: by `<identity>.<environment>`.
    """
    decision = decisions.get(key_of(tags.identity, tags.environment))
    return decision if decision and (decision.state or State.ACTIVE) is state else None


def cause_of(
    tags: LeaseTags, state: State, today: date, decisions: Mapping[str, Decision]
) -> Decided | EndReached | Declared:
    """Tell why an identity is suspended, or restored, today; arguments as for `decision_on`."""
    if decision := decision_on(tags, state, decisions):
        return Decided(approver=decision.approver, reason=decision.reason, on=decision.on)
    if state is State.SUSPENDED and today >= tags.ends:
        return EndReached(ends=tags.ends, day=today)
    return Declared()
