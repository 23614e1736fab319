"""The credentials that a stack's state holds, with what reaches their systems as the state says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.life import State
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
    """

    key: str
    lease: HeldLease
    inputs: CredentialInputs
    desk: Desk
    settings: Callable[[], Settings]

    @property
    def wanted(self) -> Wanted:
        """What a run works on."""
        return self.inputs.wanted()

    @property
    def is_suspended(self) -> bool:
        """Whether its identity is suspended, so that nothing is rotated."""
        return self.inputs.state is State.SUSPENDED


def held_credentials(
    state: Mapping[str, Any], given: Settings | None, approved: Approved, clock: Clock
) -> list[HeldCredential]:
    """Find every credential in an exported state.

    Args:
        state: as `pulumi stack export` gives it.
        given: how the systems are reached, in place of what the state says.
        approved: who decided, and why.
        clock: tells the time.
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

    return [
        HeldCredential(lease_key(lease), lease, CredentialInputs.from_state(each), *held_by(lease.provider))
        for lease in held_leases(state)
        for each in lease.credentials
    ]


def selected(credentials: Sequence[HeldCredential], selectors: Sequence[str], command: str) -> list[HeldCredential]:
    """Choose those that every selector fits, such as `environment=prod`.

    Raises:
        SpecError: with every selector that is none.
    """
    problems, wanted = [], dict[str, set[str]]()
    for selector in selectors:
        field, equals, value = selector.partition("=")
        if not (equals and value and field in _FIELDS):
            expected = "field=value, with one of " + ", ".join(_FIELDS)
            problems.append(Problem("--select", selector[:40], expected, "write it like environment=prod"))
        wanted.setdefault(field, set()).add(value)
    if problems:
        raise SpecError(command, problems)
    return [
        each
        for each in credentials
        if all(_FIELDS[field](each.lease, each.inputs) in values for field, values in wanted.items())
    ]
