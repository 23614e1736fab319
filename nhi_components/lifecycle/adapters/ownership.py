"""What belongs to a lease: decided by lease id and unique id, never by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from nhi_components.core.errors import NhiError, Problem, SystemUnreachable
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.ports import Ownership, Sighting

ACCOUNT = "account"
"""The attribute in which `admit` notes where a link lives: AWS account and region, or Vault cluster and namespace."""

SUSPENDED = "suspended"
"""The attribute, `true` or `false`, in which a component notes on a principal whether the program suspends it."""


DUE = "due"
"""The attribute in which `admit` notes when, as ISO 8601 in UTC, it has to be asked again."""


def is_suspended(link: Link) -> bool:
    """Tell whether the program has the principal suspended, so that admitting it must not let it in again."""
    return link.attributes.get(SUSPENDED) == "true"


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


def refuse_elsewhere(system: System, connection: str, links: Iterable[Link], here: Callable[[Link], str]) -> None:
    """Refuse to look for links in another account or Vault than the one that they were admitted in.

    There everything would be found gone, and nothing would be true of it.

    Args:
        system: the kind of system.
        connection: the connection's name.
        links: what is looked for; `admit` has noted on each where it lives.
        here: tells the account or cluster in which the connection would look for a link now.

    Raises:
        SystemUnreachable: naming both places.
    """
    for link in links:
        noted, found = link.attributes.get(ACCOUNT), here(link)
        if noted and noted != found:
            expected = f"{noted}, where {link} was created"
            fix = "use the credentials, address, region and namespace with which it was created"
            raise SystemUnreachable(system, Problem(f"{system}.{connection}", found, expected, fix))


def admitted(link: Link, unique_id: str | None, here: str) -> Link:
    """Note on a link what its system knows it by, and in which account or cluster it lives."""
    return replace(link, unique_id=unique_id, attributes={**link.attributes, ACCOUNT: here})
