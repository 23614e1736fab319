"""What a survey of AWS has found, judged and told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.ownership import ownership_of
from nhi_components.lifecycle.ports import Ownership, Sighting


class Found(Protocol):
    """A role, user, instance profile or secret as it is now."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def unique_id(self) -> str:
        """What no namesake shares."""

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""


def sighting_of(lease_id: str, connection: str, kind: LinkKind, found: Found, link: Link | None) -> Sighting:
    """Tell of something that was found.

    Args:
        lease_id: the lease that asks.
        connection: through which connection it was found.
        kind: what it is.
        found: what it is now.
        link: what the lease knows of it, if anything.
    """
    ownership = ownership_of(lease_id, found.lease, found.unique_id, link)
    here = link or Link(System.AWS, kind, found.name, connection)
    detail = f"another of that name, it bears {found.lease or 'no lease'}" if ownership is Ownership.NAMESAKE else ""
    return Sighting(replace(here, unique_id=found.unique_id), ownership, detail)


def is_foreign(lease_id: str, found: Found) -> bool:
    """Tell whether it is another lease's, of which only the suffix is the same by chance."""
    return found.lease not in (None, lease_id)


def unique(*names: Iterable[str]) -> list[str]:
    """Put names together, each once, in their order."""
    return list(dict.fromkeys(name for group in names for name in group))
