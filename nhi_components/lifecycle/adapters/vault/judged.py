"""What was found in Vault, with the verdict whether it is the lease's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from nhi_components.core.lease_id import suffix_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.ownership import ownership_of
from nhi_components.lifecycle.ports import Ownership, Sighting

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Judged(Generic[Thing]):
    """Something that was found.

    Attributes:
        what: what it is now.
        link: the lease's link to it, or one made for it, with the unique id that it has now.
        ownership: ours, or somebody else's of the same name.
        detail: one line for people.
    """

    what: Thing
    link: Link
    ownership: Ownership
    detail: str = ""

    @property
    def ours(self) -> bool:
        """Whether it is the lease's."""
        return self.ownership is Ownership.OURS

    @property
    def sighting(self) -> Sighting:
        """What the port tells of it."""
        return Sighting(self.link, self.ownership, self.detail)


def ours_of(found: Iterable[Judged[Thing]]) -> list[Thing]:
    """Choose what is the lease's."""
    return [judged.what for judged in found if judged.ours]


@dataclass(frozen=True, slots=True)
class Found(Generic[Thing]):
    """Something that was found, before it is judged.

    Attributes:
        what: what it is now.
        kind: its kind.
        name: its name.
        borne: the lease that it bears, or that is proved for it; None when none.
        unique_id: its own id; None when it has none.
        link: the lease's link that led to it; None when it was found by a list.
        attributes: where it lives, for a link that is made for it.
        detail: one line for people.
    """

    what: Thing
    kind: LinkKind
    name: str
    borne: str | None
    unique_id: str | None = None
    link: Link | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides by lease id and unique id what is one lease's.

    Attributes:
        lease_id: the lease.
        connection: the connection's name.
    """

    lease_id: str
    connection: str

    @property
    def ending(self) -> str:
        """What the lease's physical names end with."""
        return f"-{suffix_of(self.lease_id)}"

    def verdict(self, found: Found[Thing]) -> Judged[Thing]:
        """Judge one thing."""
        ownership = ownership_of(self.lease_id, found.borne, found.unique_id, found.link)
        link = found.link or Link(System.VAULT, found.kind, found.name, self.connection, attributes=found.attributes)
        stranger = f"another of that name, it bears {found.borne or 'no lease'}"
        detail = found.detail or ("" if ownership is Ownership.OURS else stranger)
        return Judged(found.what, replace(link, unique_id=found.unique_id), ownership, detail)

    def concerns(self, borne: str | None) -> bool:
        """Tell whether something found by the end of its name alone matters: not when it is another lease's."""
        return borne in (None, self.lease_id)
