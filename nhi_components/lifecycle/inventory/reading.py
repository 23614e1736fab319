"""Reading the inventory: the identities that are there, with what is known of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select

from nhi_components.core.inventory.declaring import declarable, same_key
from nhi_components.core.inventory.knowing import lease_of_marks
from nhi_components.core.inventory.owning import Owner, in_order
from nhi_components.core.inventory.records import Subject, Use
from nhi_components.core.links import System
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.people import People, people
from nhi_components.lifecycle.inventory.store import Inventory


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of an identity, and who says it."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Declared:
    """What program or configuration has made an identity; see `core.inventory.records.Declaration`."""

    manager: str
    where: str
    address: str
    repository: str
    commit: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which identities are asked for; empty for all.

    Attributes:
        systems: where they live.
        kinds: what they are, in their systems' words.
        owner: part of what any source says of their owner, whatever its case.
        name: part of their name or key, whatever its case.
        gone: also those that are gone.
    """

    systems: tuple[System, ...] = ()
    kinds: tuple[str, ...] = ()
    owner: str = ""
    name: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """An identity of the inventory.

    Attributes:
        key: its name in the whole organisation.
        unique_id: its system's own id.
        system: where it lives.
        place: in which account, project, tenant, cluster or server.
        kind: what it is, in its system's words.
        name: how people call it.
        lease: the lease that it bears; None when it is none of ours.
        created_at: None where its system does not tell.
        use: when it was last used; with the newest use of its credentials.
        disabled: nobody can use it at present.
        guard: why no tool may remove it.
        gone_at: when a scan no longer found it.
        credentials: how many it has that can be used.
        said: what is said of it, by subject.
        owned_by: who is said to own it; what counts first stands first.
        dependents: how many things depend on it.
        declared_by: what has made it.
    """

    key: str
    unique_id: str
    system: System
    place: str
    kind: str
    name: str
    lease: str | None
    created_at: datetime | None
    use: Use
    disabled: bool
    guard: str | None
    gone_at: datetime | None
    credentials: int
    said: Mapping[Subject, tuple[Said, ...]] = field(default_factory=dict)
    owned_by: tuple[Owner, ...] = ()
    dependents: int = 0
    declared_by: tuple[Declared, ...] = ()

    @property
    def owners(self) -> tuple[str, ...]:
        """Who owns it, by all that is said; what counts first stands first."""
        return tuple(dict.fromkeys(each.who for each in self.owned_by))


@dataclass(frozen=True, slots=True)
class _Around:
    """What is known of all identities, by their keys."""

    said: Mapping[str, Mapping[Subject, list[Said]]]
    credentials: Mapping[str, list[RowMapping]]
    dependents: Mapping[str, int]
    declarations: Mapping[tuple[str, str], list[RowMapping]]
    people: People

    def declared_by(self, row: RowMapping) -> tuple[Declared, ...]:
        system = System(row["system"])
        return tuple(
            Declared(each["manager"], each["stack"], each["address"], each["repository"], each["revision"])
            for name in declarable(system, row["key"])
            for each in self.declarations.get((system, name), ())
            if each["unique_id"] in ("", row["unique_id"])
        )


def listed(inventory: Inventory, chosen: Chosen) -> Iterator[Listed]:
    """Yield the identities that are asked for, by system, place and name."""
    with inventory.reading() as connection:
        around = _Around(
            _knowledge(connection),
            _credentials(connection),
            _dependents(connection),
            _declarations(connection),
            people(connection),
        )
        for row in connection.execute(_query(chosen)).mappings():
            each = _listed(row, around)
            if chosen.owner.lower() in " ".join(each.owners).lower():
                yield each


def _query(chosen: Chosen) -> Select[Any]:
    table = tables.identities
    query = select(table).order_by(table.c.system, table.c.place, table.c.name, table.c.key)
    if not chosen.gone:
        query = query.where(table.c.gone_at.is_(None))
    if chosen.systems:
        query = query.where(table.c.system.in_(chosen.systems))
    if chosen.kinds:
        query = query.where(table.c.kind.in_(chosen.kinds))
    if chosen.name:
        by_name = table.c.name.icontains(chosen.name, autoescape=True)
        query = query.where(by_name | table.c.key.icontains(chosen.name, autoescape=True))
    return query


def _knowledge(connection: Connection) -> Mapping[str, Mapping[Subject, list[Said]]]:
    table = tables.knowledge
    known: dict[str, dict[Subject, list[Said]]] = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(select(table).where(table.c.gone_at.is_(None)).order_by(table.c.told_by)):
        known[row.identity][Subject(row.subject)].append(Said(row.value, row.told_by))
    return known


def _credentials(connection: Connection) -> Mapping[str, list[RowMapping]]:
    table = tables.credentials
    usable: dict[str, list[RowMapping]] = defaultdict(list)
    living = select(table).where(table.c.gone_at.is_(None) & table.c.disabled.is_(False))
    for row in connection.execute(living).mappings():
        usable[row["identity"]].append(row)
    return usable


def _dependents(connection: Connection) -> Mapping[str, int]:
    table = tables.dependents
    told = select(table.c.identity, table.c.kind, table.c.name).where(table.c.gone_at.is_(None)).distinct().subquery()
    counted = select(told.c.identity, func.count().label("many")).group_by(told.c.identity)
    return {row.identity: row.many for row in connection.execute(counted)}


def _declarations(connection: Connection) -> Mapping[tuple[str, str], list[RowMapping]]:
    table = tables.declarations
    declared: dict[tuple[str, str], list[RowMapping]] = defaultdict(list)
    query = select(table).where(table.c.gone_at.is_(None)).order_by(table.c.stack, table.c.address)
    for row in connection.execute(query).mappings():
        declared[row["system"], same_key(System(row["system"]), row["identity"])].append(row)
    return declared


def _listed(row: RowMapping, around: _Around) -> Listed:
    said, credentials = around.said.get(row["key"], {}), around.credentials.get(row["key"], [])
    return Listed(
        key=row["key"],
        unique_id=row["unique_id"],
        system=System(row["system"]),
        place=row["place"],
        kind=row["kind"],
        name=row["name"],
        lease=lease_of_marks(row["marks"]),
        created_at=row["created_at"],
        use=_use([row, *credentials]),
        disabled=row["disabled"],
        guard=row["guard"],
        gone_at=row["gone_at"],
        credentials=len(credentials),
        said={subject: tuple(each) for subject, each in said.items()},
        owned_by=in_order({around.people.owner(each.value, each.source) for each in said.get(Subject.OWNER, ())}),
        dependents=around.dependents.get(row["key"], 0),
        declared_by=around.declared_by(row),
    )


def _use(rows: list[RowMapping]) -> Use:
    """Give the newest use; watched only as long as all ways to use it that are watched at all have been."""
    uses = [row["used_at"] for row in rows if row["used_at"] is not None]
    watched = [row["watched_since"] for row in rows if row["watched_since"] is not None]
    as_of = [row["use_as_of"] for row in rows if row["use_as_of"] is not None]
    return Use(max(uses, default=None), max(watched, default=None), min(as_of, default=None))
