"""Puts right what a killed engine left: what it made and forgot, by lease id, and what is not ours in the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.bracket import OpenAdapter
from nhi_components.lifecycle.cutting_off import links_of
from nhi_components.lifecycle.ports import Ownership, Sighting, SystemAdapter
from nhi_components.provider.settings import Settings
from nhi_components.provider.stack_state import (
    ENGINE_MANAGED,
    HeldLease,
    adoptable,
    forgetting,
    held_leases,
    held_urns,
    interrupted,
    place_of,
    retained,
    settings_of,
    urns_of,
    with_adopted,
    without_interrupted,
    without_retention,
)

Opening = Callable[[Settings], OpenAdapter]
"""Makes what binds adapters to the connections that a provider was configured with."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """Something alive that bears a lease id and that the state does not hold."""

    sighting: Sighting
    adapter: SystemAdapter


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What a repair will do.

    Attributes:
        orphans: made by a killed engine and forgotten; to be deleted, the next `up` makes them anew.
        namesakes: somebody else's, which the state takes for ours; to be taken out of the state, never touched.
        interrupted: operations inside bundles that are still noted as pending; to be dropped from the state.
        unsure: the resources among them that the state holds: changed or deleted, or not; to be read afresh.
        others: pending operations outside bundles; to be settled by whoever knows those resources.
        retained: resources of bundles that a destroy would forget without removing them; to lose that mark.
        kept: ours, deleted, and kept by its system for a while; to be taken out of the state, since it can't be deleted
            again.
        adopted: made by a killed engine and forgotten, by URN, whose ids would stay reserved if they were deleted; to
            be taken into the state, and read afresh.
    """

    orphans: tuple[Orphan, ...]
    namesakes: tuple[Link, ...]
    interrupted: tuple[str, ...]
    unsure: tuple[str, ...]
    others: tuple[str, ...]
    retained: tuple[str, ...] = ()
    kept: tuple[Link, ...] = ()
    adopted: Mapping[str, Link] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to put right."""
        return not (self.orphans or self.changes_state)

    @property
    def changes_state(self) -> bool:
        """Whether the stack's state has to be put right, too."""
        return bool(self.namesakes or self.interrupted or self.retained or self.kept)


def plan(state: Mapping[str, Any], opening: Opening) -> RepairPlan:
    """Compare a stack's state with the systems that its leases touch; changes nothing.

    Args:
        state: as `pulumi stack export` gives it.
        opening: reaches the systems; it is given each lease's provider as the state has it.

    Raises:
        NhiError: when a system can't be looked at, or the state can't be read.
    """

    @cache
    def opener(provider: str) -> OpenAdapter:
        return opening(settings_of(state, provider))

    orphans: list[Orphan] = []
    namesakes: list[Link] = []
    kept: list[Link] = []
    for lease in held_leases(state):
        places = dict.fromkeys((link.system, link.connection) for link in lease.links)
        for system, connection in places:
            adapter = opener(lease.provider)(system, connection)
            links = [*lease.links, *lease.admitted]
            sightings = adapter.survey(lease.terms.lease_id, _last_of_each(links_of(adapter, links)))
            orphans += [Orphan(sighting, adapter) for sighting in sightings if _is_orphan(sighting, lease)]
            namesakes += [sighting.link for sighting in sightings if _is_mistaken(sighting, lease)]
            kept += [sighting.link for sighting in sightings if _is_merely_kept(sighting, lease)]
    ours, others = interrupted(state)
    held = held_urns(state)
    adopted = adoptable(state, [orphan.sighting.link for orphan in orphans])
    taken_in = {link.key for link in adopted.values()}
    orphans = [orphan for orphan in orphans if orphan.sighting.link.key not in taken_in]
    doomed = urns_of(state, kept)
    unsure = tuple(dict.fromkeys(urn for urn in ours if urn in adopted or (urn in held and urn not in doomed)))
    marked = tuple(retained(state))
    return RepairPlan(
        tuple(orphans), tuple(namesakes), tuple(ours), unsure, tuple(others), marked, tuple(kept), adopted
    )


def delete_orphans(plan: RepairPlan) -> None:
    """Delete what was made and forgotten; safe to repeat."""
    for orphan in plan.orphans:
        orphan.adapter.sweep(orphan.sighting)


def repaired(state: Mapping[str, Any], plan: RepairPlan) -> dict[str, Any]:
    """Tell the state that is to be imported."""
    taken_in = with_adopted(state, plan.adopted)
    return without_retention(forgetting(without_interrupted(taken_in), [*plan.namesakes, *plan.kept]))


def _is_orphan(sighting: Sighting, lease: HeldLease) -> bool:
    link = sighting.link
    ours = sighting.lives and not sighting.by_hand and link.kind in ENGINE_MANAGED
    return ours and place_of(link) not in lease.held | lease.delivered and _is_made_by_the_engine(link, lease)


def _is_made_by_the_engine(link: Link, lease: HeldLease) -> bool:
    """What was made by hand the teardown removes, not a repair.

    So was an alias on another mount than the lease's AppRole, and a binding that the lease does not name.
    """
    if link.kind is LinkKind.GCP_BINDING:
        return link.key in {part.key for part in (*lease.links, *lease.admitted)}
    if link.kind is not LinkKind.VAULT_ENTITY_ALIAS:
        return True
    mounts = {part.attributes.get("mount") for part in lease.links if part.kind is LinkKind.VAULT_APPROLE}
    return link.attributes.get("mount") in mounts


def _is_mistaken(sighting: Sighting, lease: HeldLease) -> bool:
    return sighting.ownership is Ownership.NAMESAKE and place_of(sighting.link) in lease.held


def _is_merely_kept(sighting: Sighting, lease: HeldLease) -> bool:
    ours = sighting.ownership is Ownership.OURS and sighting.retained_until is not None
    return ours and place_of(sighting.link) in lease.held


def _last_of_each(links: list[Link]) -> list[Link]:
    """Prefer what the seal knows, unique ids and all, to what the ledger knows."""
    return list({link.key: link for link in links}.values())
