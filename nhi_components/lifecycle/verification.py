"""Looks, without any state, for everything that bears a lease id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link
from nhi_components.lifecycle.cutting_off import links_of
from nhi_components.lifecycle.ports import BlindSpot, Ownership, Sighting, SystemAdapter


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found of a lease.

    Attributes:
        lease_id: the lease.
        alive: what bears it and lives.
        namesakes: somebody else's, at the names of its links.
        blind_spots: what could not be looked for.
        failures: the systems that could not be looked at.
    """

    lease_id: str
    alive: tuple[Sighting, ...] = ()
    namesakes: tuple[Sighting, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    failures: tuple[NhiError, ...] = field(default=())

    @property
    def confirmed_gone(self) -> bool:
        """Whether every system was looked at and nothing of the lease lives."""
        return not self.alive and not self.failures


def verify(adapters: Sequence[SystemAdapter], lease_id: str, links: Sequence[Link] = ()) -> Verification:
    """Survey every system for a lease; a system that fails does not keep the others from being looked at."""
    sightings: list[Sighting] = []
    blind_spots: list[BlindSpot] = []
    failures: list[NhiError] = []
    for adapter in adapters:
        own = links_of(adapter, links)
        try:
            sightings += adapter.survey(lease_id, own)
            blind_spots += adapter.blind_spots(own)
        except NhiError as failure:
            failures.append(failure)
    return Verification(
        lease_id,
        alive=tuple(s for s in sightings if s.lives),
        namesakes=tuple(s for s in sightings if s.ownership is Ownership.NAMESAKE),
        blind_spots=tuple(blind_spots),
        failures=tuple(failures),
    )
