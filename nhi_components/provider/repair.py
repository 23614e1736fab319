"""Puts right what a killed engine left: what it made and forgot, and what in the state is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nhi_components.core.links import Link
from nhi_components.lifecycle.bracket import OpenAdapter
from nhi_components.lifecycle.cutting_off import links_of
from nhi_components.lifecycle.ports import Ownership, Sighting, SystemAdapter
from nhi_components.provider.stack_state import (
    ENGINE_MANAGED,
    HeldLease,
    held_leases,
    interrupted,
    without_interrupted,
    without_namesakes,
)


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
        others: pending operations outside bundles; left alone.
    """

    orphans: tuple[Orphan, ...]
    namesakes: tuple[Link, ...]
    interrupted: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to put right."""
        return not (self.orphans or self.namesakes or self.interrupted)


def plan(state: Mapping[str, Any], open_adapter: OpenAdapter) -> RepairPlan:
    """Compare a stack's state with the systems that its leases touch; changes nothing.

    Args:
        state: as `pulumi stack export` gives it.
        open_adapter: binds an adapter to a system and a connection's name.
    """
    orphans: list[Orphan] = []
    namesakes: list[Link] = []
    for lease in held_leases(state):
        places = dict.fromkeys((link.system, link.connection) for link in lease.links)
        for system, connection in places:
            adapter = open_adapter(system, connection)
            links = [*lease.links, *lease.admitted]
            sightings = adapter.survey(lease.terms.lease_id, _last_of_each(links_of(adapter, links)))
            orphans += [Orphan(sighting, adapter) for sighting in sightings if _is_orphan(sighting, lease)]
            namesakes += [sighting.link for sighting in sightings if _is_mistaken(sighting, lease)]
    ours, others = interrupted(state)
    return RepairPlan(tuple(orphans), tuple(namesakes), tuple(ours), tuple(others))


def carry_out(state: Mapping[str, Any], plan: RepairPlan) -> dict[str, Any]:
    """Delete the orphans and return the state that is to be imported; safe to repeat."""
    for orphan in plan.orphans:
        orphan.adapter.sweep(orphan.sighting)
    return without_namesakes(without_interrupted(state), plan.namesakes)


def _is_orphan(sighting: Sighting, lease: HeldLease) -> bool:
    place = (sighting.link.kind, sighting.link.name)
    return sighting.ownership is Ownership.OURS and sighting.link.kind in ENGINE_MANAGED and place not in lease.held


def _is_mistaken(sighting: Sighting, lease: HeldLease) -> bool:
    place = (sighting.link.kind, sighting.link.name)
    return sighting.ownership is Ownership.NAMESAKE and place in lease.held


def _last_of_each(links: list[Link]) -> list[Link]:
    """Prefer what the seal knows, unique ids and all, to what the ledger knows."""
    return list({link.key: link for link in links}.values())
