"""The credentials that a stack's state holds, with what reaches their systems as the state says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from nhi_components.core.errors import Problem
from nhi_components.core.life import Decision, State
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.credentials.desk import Desk
from nhi_components.lifecycle.credentials.opening import desk_of
from nhi_components.lifecycle.credentials.wanted import Wanted
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.provider.credential import CredentialInputs
from nhi_components.provider.held_identities import lease_key
from nhi_components.provider.recorder import recorder_of
from nhi_components.provider.settings import Settings
from nhi_components.provider.stack_state import HeldLease, held_leases, settings_of
from nhi_components.today import today

Approved = tuple[str, str]
"""Who decided, and why."""

_FIELDS: Mapping[str, Callable[[HeldLease, CredentialInputs], str]] = {
    "identity": lambda lease, _: lease.terms.identity.name,
    "environment": lambda lease, _: lease.terms.identity.environment,
    "kind": lambda lease, _: str(lease.terms.identity.kind),
    "team": lambda lease, _: lease.terms.identity.owner.team,
    "owner": lambda lease, _: lease.terms.identity.owner.email,
    "source": lambda _, inputs: str(inputs.spec.source.kind),
}
"""What credentials are chosen by."""


@dataclass(frozen=True, slots=True)
class HeldCredential:
    """A credential of a stack.

    Attributes:
        key: `<identity>.<environment>`.
        lease: the lease that it belongs to.
        inputs: what is wanted.
        desk: the services behind it; its own provider's.
        settings: reads how its provider was configured.
        suspension: why nothing may be issued to its identity now; empty while it is active.
    """

    key: str
    lease: HeldLease
    inputs: CredentialInputs
    desk: Desk
    settings: Callable[[], Settings]
    suspension: str = ""

    @property
    def wanted(self) -> Wanted:
        """What a run works on."""
        return self.inputs.wanted()

    @property
    def is_suspended(self) -> bool:
        """Whether its identity is suspended, or is to be, so that nothing is rotated."""
        return bool(self.suspension)


def held_credentials(
    state: Mapping[str, Any],
    given: Settings | None,
    approved: Approved,
    clock: Clock,
    decisions: Mapping[str, Decision] = MappingProxyType({}),
) -> list[HeldCredential]:
    """Find every credential in an exported state.

    Args:
        state: as `pulumi stack export` gives it.
        given: how the systems are reached, in place of what the state says.
        approved: who decided, and why.
        clock: tells the time.
        decisions: what people have decided about identities, by their keys; an `up` may not have carried it out yet.
    """

    @cache
    def held_by(provider: str) -> tuple[Desk, Callable[[], Settings]]:
        @cache
        def settings() -> Settings:
            return given or settings_of(state, provider)

        @cache
        def recorder() -> EvidenceRecorder:
            return recorder_of(settings(), clock)

        desk = desk_of(lambda system, name: settings().connection(system, name), recorder, lambda *_: approved, clock)
        return desk, settings

    def held(lease: HeldLease, inputs: CredentialInputs) -> HeldCredential:
        key = lease_key(lease)
        suspension = _suspension(inputs, decisions.get(key), today())
        return HeldCredential(key, lease, inputs, *held_by(lease.provider), suspension)

    return [
        held(lease, CredentialInputs.from_state(each)) for lease in held_leases(state) for each in lease.credentials
    ]


def _suspension(inputs: CredentialInputs, decision: Decision | None, day: date) -> str:
    """Tell why nothing may be issued: what `nhi kill` has cut off must not be given a new key before the next `up`."""
    if decision and decision.state:
        return f"it is {decision.state} by decision of {decision.approver}"
    if inputs.state is State.SUSPENDED:
        return "it is suspended"
    ends = inputs.terms.tags.ends
    return f"its lease ended on {ends}" if day >= ends else ""


def selector_problems(selectors: Sequence[str]) -> list[Problem]:
    """Tell which selectors are none."""
    expected = "field=value, with one of " + ", ".join(_FIELDS)
    return [
        Problem("--select", selector[:40] or "nothing", expected, "write it like environment=prod")
        for selector in selectors
        if not re.fullmatch(rf"({'|'.join(_FIELDS)})=.+", selector)
    ]


def selected(credentials: Sequence[HeldCredential], selectors: Sequence[str]) -> list[HeldCredential]:
    """Choose those that every field of the selectors fits, such as `environment=prod`; several of one are alternatives.

    Args:
        credentials: of which.
        selectors: as `selector_problems` has found them right.
    """
    wanted = dict[str, set[str]]()
    for selector in selectors:
        field, _, value = selector.partition("=")
        wanted.setdefault(field, set()).add(value)
    return [
        each
        for each in credentials
        if all(_FIELDS[field](each.lease, each.inputs) in values for field, values in wanted.items())
    ]
