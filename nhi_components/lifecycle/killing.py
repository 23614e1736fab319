"""Refuses every credential and session of an identity at once, on all its systems side by side, without an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Fact, Link, LinkKind, NeverCreated, NotChecked
from nhi_components.lifecycle.account import Terms
from nhi_components.lifecycle.adapters.ownership import SUSPENDED
from nhi_components.lifecycle.bracket import Bracket
from nhi_components.lifecycle.credentials.wanted import Wanted
from nhi_components.lifecycle.cutting_off import CutOffIncomplete, CutOffOutcome, LinkKey, cut_off, links_of
from nhi_components.lifecycle.evidence.revocations import RevocationRow
from nhi_components.lifecycle.latency import latencies, places_of
from nhi_components.lifecycle.ports import CutOff, Ownership, SystemAdapter

_READ_BACK = frozenset(
    {
        LinkKind.IAM_ROLE,
        LinkKind.IAM_USER,
        LinkKind.VAULT_ENTITY,
        LinkKind.GCP_SERVICE_ACCOUNT,
        LinkKind.AZURE_MANAGED_IDENTITY,
        LinkKind.ENTRA_SERVICE_PRINCIPAL,
        LinkKind.SCIM_USER,
        LinkKind.HOOK_ACCOUNT,
    }
)
"""The kinds of principals on which a survey sees whether a cut-off is in force."""

_STILL_WORKS = NotChecked("the session that was opened before still works")
_NOT_IN_FORCE = NotChecked("the cut-off is not in force")
_READ = "the cut-off was read back"
_CONFIRMED = "its system confirmed it"
_BEYOND = "nothing can end it"


@dataclass(frozen=True, slots=True)
class Target:
    """One lease of the identity.

    Attributes:
        lease_id: which.
        terms: what it says; None when only its id is known: then nothing is recorded, nor held against a requirement.
        links: everything that belongs to it.
        bracket: reaches its systems and records evidence; its own, as all targets are cut off at the same time.
        credentials: what was issued and delivered to it.
    """

    lease_id: str
    terms: Terms | None
    links: Sequence[Link]
    bracket: Bracket
    credentials: Sequence[Wanted] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What became of one principal.

    Attributes:
        link: the principal; or what it may have opened elsewhere.
        disabled_at: when nothing new could be opened.
        refused_at: when what had been opened was refused; or why that is not known.
        proof: how it is known.
    """

    link: Link
    disabled_at: Fact
    refused_at: Fact
    proof: str

    @property
    def is_complete(self) -> bool:
        """Whether nothing is let through."""
        return not isinstance(self.disabled_at, NotChecked) and not isinstance(self.refused_at, NotChecked)


@dataclass(frozen=True, slots=True)
class Killed:
    """What became of one lease.

    Attributes:
        lease_id: which.
        refusals: one for each principal that there was.
        revocations: how fast it was, by system and connection, held against what is required.
        failures: what could not be done: a system that is down, evidence that could not be recorded.
        recorded: whether its terms were known, so that evidence tells of it.
    """

    lease_id: str
    refusals: tuple[Refusal, ...]
    revocations: tuple[RevocationRow, ...]
    failures: tuple[str, ...]
    recorded: bool = True

    @property
    def is_complete(self) -> bool:
        """Whether everything is refused everywhere, and recorded."""
        return not self.failures and all(refusal.is_complete for refusal in self.refusals)


def kill(targets: Sequence[Target], started: datetime) -> list[Killed]:
    """Cut all leases off at the same time; a system that is down does not keep the others from being cut off.

    Safe to repeat: what is cut off stays so, and keeps the time at which it was.

    Args:
        targets: the identity's leases.
        started: when the command began, from which it is timed.
    """
    if not targets:
        return []
    with ThreadPoolExecutor(len(targets)) as threads:
        return list(threads.map(lambda target: _kill(target, started), targets))


def _kill(target: Target, started: datetime) -> Killed:
    failures: list[str] = []
    outcome = _cut_off(target, failures)
    if outcome is None:
        return Killed(target.lease_id, (), (), tuple(failures))
    refusals: list[Refusal] = []
    for place in places_of(target.links):
        try:
            refusals += _refusals(target.bracket.open_adapter(*place), target.lease_id, target.links, outcome)
        except NhiError as error:
            failures.append(str(error))
    rows: list[RevocationRow] = []
    if target.terms:
        measured = latencies(target.links, outcome, outcome.canaries, started=started)
        rows = [RevocationRow.of(each, target.terms.revocation, target.terms.tags.ends) for each in measured]
    told = tuple(dict.fromkeys(failures))
    return Killed(target.lease_id, tuple(refusals), tuple(rows), told, recorded=target.terms is not None)


def _cut_off(target: Target, failures: list[str]) -> CutOffOutcome | None:
    """Cut one lease off and record it, where its terms are known."""
    bracket = target.bracket
    if target.terms is None:
        adapters = [bracket.open_adapter(*place) for place in places_of(target.links)]
        outcome = cut_off(adapters, target.lease_id, target.links, bracket.clock)
        failures += [str(failure) for failure in outcome.failures]
        return outcome
    try:
        bracket.cut_off(target.terms, target.links, target.credentials)
    except CutOffIncomplete as incomplete:
        failures += [str(failure) for failure in incomplete.outcome.failures]
    except NhiError as error:
        failures.append(str(error))
    return bracket.handed_over.get(target.lease_id)


def _refusals(adapter: SystemAdapter, lease_id: str, links: Sequence[Link], outcome: CutOffOutcome) -> list[Refusal]:
    """Tell of each principal on one system how it is known that it is refused: by a session that was, or by reading."""
    place = (adapter.system, adapter.connection)
    here = [row for row in outcome.cut_offs if (row.link.system, row.link.connection) == place]
    rows = [row for row in here if row.disabled_at is not None]
    beyond = [row for row in here if row.disabled_at is None and isinstance(row.sessions_refused_at, NotChecked)]
    tried = {row.link.key for row in rows if row.link.key in outcome.canaries or _never_created(row)}
    alive: dict[LinkKey, Link] = {}
    if not rows or len(tried) < len(rows):
        alive = {
            sighting.link.key: sighting.link
            for sighting in adapter.survey(lease_id, _as_active(links_of(adapter, links)))
            if sighting.ownership is Ownership.OURS and sighting.link.kind in _READ_BACK and not sighting.cut_off
        }
    known = {row.link.key for row in rows}
    return [
        *(_by_trial(row, outcome) if row.link.key in tried else _by_reading(row, alive) for row in rows),
        *(Refusal(link, _NOT_IN_FORCE, _NOT_IN_FORCE, _READ) for key, link in alive.items() if key not in known),
        *(Refusal(row.link, None, row.sessions_refused_at, _BEYOND) for row in beyond),
    ]


def _as_active(links: Sequence[Link]) -> list[Link]:
    """Leave out that the program suspends them: a survey calls cut off only what is inactive against the program."""
    return [
        replace(link, attributes={name: value for name, value in link.attributes.items() if name != SUSPENDED})
        for link in links
    ]


def _by_trial(row: CutOff, outcome: CutOffOutcome) -> Refusal:
    if _never_created(row):
        return Refusal(row.link, row.disabled_at, row.sessions_refused_at, "never created")
    refused_at = outcome.canaries[row.link.key].refused_at or _STILL_WORKS
    if isinstance(refused_at, datetime) and isinstance(row.sessions_refused_at, NotChecked):
        # The one that was tried is refused; others are known that may not be.
        refused_at = row.sessions_refused_at
    return Refusal(row.link, row.disabled_at, refused_at, "a session opened before is refused")


def _by_reading(row: CutOff, alive: Mapping[LinkKey, Link]) -> Refusal:
    refused_at = _NOT_IN_FORCE if row.link.key in alive else row.sessions_refused_at
    seen = _READ if row.link.kind in _READ_BACK else _CONFIRMED
    proof = f"{seen}: {row.without_canary}" if row.without_canary else seen
    return Refusal(row.link, row.disabled_at, refused_at, proof)


def _never_created(row: CutOff) -> bool:
    return isinstance(row.disabled_at, NeverCreated)
