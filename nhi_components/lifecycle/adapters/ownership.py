"""What belongs to a lease: decided by lease id and unique id, never by name."""

from __future__ import annotations

from collections.abc import Iterable

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.ports import Ownership, Sighting


def ownership_of(lease_id: str, borne: str | None, unique_id: str | None, link: Link | None) -> Ownership:
    """Judge something that was found.

    Args:
        lease_id: the lease that asks.
        borne: the lease id that the thing itself bears, if any.
        unique_id: its own id on its system, if the system has one.
        link: what the lease knows of it, if anything.
    """
    known = bool(link and link.unique_id and link.unique_id == unique_id)
    return Ownership.OURS if known or borne == lease_id else Ownership.NAMESAKE


def refuse_foreign(lease_id: str, borne: str | None, unique_id: str | None, link: Link) -> None:
    """Refuse to take something into a lease that was there before, or that belongs to another lease.

    Raises:
        NhiError: when it bears another lease id, or bears none and its unique id is not the one that was linked.
    """
    if borne == lease_id:
        return
    if borne is None and link.unique_id in (None, unique_id):
        return
    found = f"it bears {borne}" if borne else f"its unique id is {unique_id}, not {link.unique_id}"
    raise NhiError(
        f"{link}: found somebody else's of the same name: {found}; expected one that belongs to {lease_id}; "
        "fix: run `pulumi refresh`, so that the engine makes its own anew, or give the identity another name"
    )


def refuse_namesake(sighting: Sighting) -> None:
    """Refuse to delete what is not proved ours.

    Raises:
        NhiError: for a namesake.
    """
    if sighting.ownership is Ownership.NAMESAKE:
        raise NhiError(
            f"{sighting.link}: refused to delete a namesake: it bears neither the lease id nor the unique id that was "
            "linked; fix: if it is yours, delete it by hand"
        )


def links_by_name(links: Iterable[Link], kind: LinkKind) -> dict[str, Link]:
    """Choose the links of one kind, by name."""
    return {link.name: link for link in links if link.kind is kind}
