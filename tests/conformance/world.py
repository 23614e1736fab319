"""What a connected system must offer to be run through the conformance suite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Protocol

from nhi_components.core.lease_id import new_lease_id
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.ports import Canary, SystemAdapter

Works = Callable[[], bool]
"""Uses an open session or token once more and tells whether the system let it."""


def now() -> datetime:
    return datetime.now(UTC)


def new_tags(seed: bytes, identity: str = "orders") -> LeaseTags:
    return LeaseTags(
        lease=new_lease_id(seed),
        identity=identity,
        environment="dev",
        owner="team@example.com",
        purpose="conformance",
        ends=date(2030, 1, 1),
        stack="tests/dev",
    )


def by_kind(links: Sequence[Link], kind: LinkKind) -> Link:
    return next(link for link in links if link.kind is kind)


def unknown(links: Sequence[Link]) -> list[Link]:
    """The links as a program declares them, before anything is known of them."""
    return [replace(link, unique_id=None) for link in links]


class World(Protocol):
    """One real or emulated system, and what an engine, an operator and a thief would do there."""

    system: System
    credentials: list[str]
    """Every credential value that was ever made here; none may show up anywhere."""

    principal: LinkKind
    """The kind of the principal that sessions belong to."""

    def adapter(self) -> SystemAdapter:
        """A new adapter through the ambient connection."""

    def wrong_adapter(self) -> SystemAdapter:
        """One whose credentials the system refuses."""

    def create(self, tags: LeaseTags) -> list[Link]:
        """Make a whole bundle as the engine does."""

    def open_session(self, tags: LeaseTags) -> Works:
        """Open a session of the identity, as its workload does; raises when the system refuses it."""

    def open_canary(self, tags: LeaseTags, link: Link) -> Canary:
        """A canary whose session works."""

    def add_extras(self, tags: LeaseTags) -> set[LinkKind]:
        """Attach by hand what the program did not make, and tell the kinds that a cut-off must report."""

    def replace_principal(self, tags: LeaseTags) -> None:
        """Delete the principal and make another of the same name that bears no lease."""

    def principal_untouched(self, tags: LeaseTags) -> bool:
        """Tell whether that other principal is as it was made."""

    def alive(self, tags: LeaseTags) -> list[str]:
        """Everything that exists of the lease, asked of the system itself by name."""

    def stop(self) -> None:
        """Take the system away."""

    def start(self) -> None:
        """Bring it back as it was."""
