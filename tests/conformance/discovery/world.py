"""What the suite of discoveries needs of each system: something planted, a discovery, and callers who may do less."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nhi_components.core.inventory.records import FoundIdentity, Record
from nhi_components.lifecycle.discovery.ports import Discovery, Page, Section
from nhi_components.lifecycle.discovery.scanning import Scan, Scanner
from nhi_components.lifecycle.inventory.store import open_inventory
from tests.conformance.world import now


@dataclass(frozen=True)
class Planted:
    """What a discovery must find.

    Attributes:
        identities: by key, the unique ids.
        records: further records that must be among what is found.
        dated: the system tells when its identities were made.
    """

    identities: dict[str, str]
    records: Sequence[Record] = ()
    dated: bool = True


class DiscoveryWorld(Protocol):
    """One system that the suite owns."""

    secrets: list[str]
    """Credential values that must be told nowhere."""

    def plant(self) -> Planted:
        """Make identities of each kind, with credentials, grants, ways in and dependents."""

    def discovery(self, *, everywhere: bool = False) -> Discovery:
        """A discovery by somebody who may read everything; in the parts of the system that matter, or everywhere."""

    def permissions_in(self, policy: str) -> set[str]:
        """The permissions in a policy of this system."""

    def discovery_of(self, permissions: Iterable[str]) -> Discovery:
        """A discovery by somebody who has just these permissions."""

    def discovery_of_nobody(self) -> Discovery:
        """A discovery with credentials that the system does not know."""

    def changed(self) -> list[str]:
        """What was asked of the system since `plant` that is no reading."""


def read_all(discovery: Discovery) -> tuple[list[Record], list[str]]:
    """Read all pages of all sections; give the records, and the names of the sections."""
    waiting, records = list(discovery.beginnings()), list[Record]()
    names = list(waiting)
    while waiting:
        for page in _pages(discovery.section(waiting.pop())):
            records += page.records
            fresh = [name for name in page.opens if name not in names]
            names += fresh
            waiting += fresh
    return records, names


def _pages(section: Section) -> Iterator[Page]:
    cursor = None
    while True:
        page = section.read(cursor)
        yield page
        cursor = page.next
        if cursor is None:
            return


def identities_in(records: Iterable[Record]) -> dict[str, FoundIdentity]:
    """Those of the records that are identities, by key."""
    return {record.key: record for record in records if isinstance(record, FoundIdentity)}


def records_of(discovery: Discovery, *sections: str) -> list[Record]:
    """What some sections tell, on all their pages."""
    return [record for name in sections for page in _pages(discovery.section(name)) for record in page.records]


def scan(discovery: Discovery, folder: Path) -> Scan:
    """Scan into an inventory of its own."""
    inventory = open_inventory(folder / "inventory.db")
    try:
        return Scanner(inventory, now, lambda _: None).scan([discovery])
    finally:
        inventory.close()
