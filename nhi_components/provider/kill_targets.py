"""Finds what has to be cut off of an identity: from the stack's state, or from a lease id where there is no state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from nhi_components.core.errors import EvidenceError, NhiError
from nhi_components.core.life import Decision, State
from nhi_components.core.links import System
from nhi_components.lifecycle.bracket import Bracket, OpenAdapter
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.credentials.desk import Desk
from nhi_components.lifecycle.credentials.opening import desk_of
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.lifecycle.killing import Target
from nhi_components.lifecycle.ports import Ownership, SystemAdapter
from nhi_components.provider.credential import CredentialInputs
from nhi_components.provider.held_identities import lease_key
from nhi_components.provider.recorder import recorder_of
from nhi_components.provider.settings import Settings
from nhi_components.provider.stack_state import HeldLease, held_leases, settings_of

_NOBODY = (None, None)

Approved = tuple[str, str]
"""Who decided, and why."""

Opening = Callable[[Callable[[], Settings]], OpenAdapter]
"""Makes what binds adapters to connections; may ask for what a lease's provider was configured with."""


def targets_in(state: Mapping[str, Any], key: str, opening: Opening, approved: Approved, clock: Clock) -> list[Target]:
    """Find every lease of an identity, whichever component and system it is on.

    How one is reached is read when it is cut off: a provider that can't be read keeps no other lease from that.

    Args:
        state: as `pulumi stack export` gives it.
        key: `<identity>.<environment>`.
        opening: reaches the systems; it can read each lease's provider as the state has it.
        approved: who decided, and why.
        clock: tells the time.
    """
    held = [lease for lease in held_leases(state) if lease_key(lease) == key]
    return [_target(state, lease, opening, approved, clock) for lease in held]


def targets_of_lease(
    lease_id: str, systems: Iterable[System], connection: str, opener: OpenAdapter, clock: Clock
) -> tuple[list[Target], list[str]]:
    """Look on some systems for what bears a lease id; what it says is not known, so no evidence can be recorded.

    Returns:
        What was found, a target for each system, and what kept systems from being looked at.
    """
    targets: list[Target] = []
    failures: list[str] = []
    for system in systems:
        try:
            sightings = opener(system, connection).survey(lease_id, [])
        except NhiError as error:
            failures.append(str(error))
            continue
        links = [sighting.link for sighting in sightings if sighting.ownership is Ownership.OURS]
        if links:
            targets.append(Target(lease_id, None, links, Bracket(opener, _no_recorder, lambda *_: _NOBODY, clock)))
    return targets, failures


def suspended_by(approved: Approved, now: Clock) -> Callable[[Decision | None], Decision | None]:
    """Make what decides that a killed identity stays suspended; a stricter decision stays."""
    approver, reason = approved

    def decide(held: Decision | None) -> Decision | None:
        if held and held.state:
            return None
        expires = held.expires if held else None
        fields = {"state": State.SUSPENDED, "expires": expires, "approver": approver, "reason": reason}
        return Decision.parse({**fields, "on": now().date()})

    return decide


def _no_recorder() -> EvidenceRecorder:
    raise EvidenceError("what the lease says is not known without its state")


def _target(state: Mapping[str, Any], lease: HeldLease, opening: Opening, approved: Approved, clock: Clock) -> Target:
    @cache
    def settings() -> Settings:
        return settings_of(state, lease.provider)

    @cache
    def opener() -> OpenAdapter:
        return opening(settings)

    def adapter(system: System, connection: str) -> SystemAdapter:
        return opener()(system, connection)

    def recorder() -> EvidenceRecorder:
        return recorder_of(settings(), clock)

    @cache
    def desk() -> Desk:
        return desk_of(lambda system, name: settings().connection(system, name), recorder, lambda *_: approved, clock)

    # What the seal knows comes before what the ledger knows: it has the unique ids.
    links = {link.key: link for link in [*lease.links, *lease.admitted]}
    bracket = Bracket(adapter, recorder, lambda _tags, _state: approved, clock, desk=desk)
    credentials = [CredentialInputs.from_state(each).wanted() for each in lease.credentials]
    return Target(lease.terms.lease_id, lease.terms.terms, list(links.values()), bracket, credentials)
