"""What the inventory knows of an identity that is to be decommissioned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Table, func, literal, select

from nhi_components.core.inventory.declaring import declares
from nhi_components.core.inventory.knowing import lease_of_marks
from nhi_components.core.inventory.records import Declaration, FoundIdentity, Guard, Manager, Subject
from nhi_components.core.links import System
from nhi_components.lifecycle.decommission.ports import Target
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.store import Inventory

_CAPS: Final = "permissions-boundary"
"""A kind of carrier that grants nothing."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the inventory knows of an identity.

    Attributes:
        target: which.
        lease: the lease that it bears; None when it is none of ours.
        marks: its tags, labels, annotations or metadata, as the last scan found them.
        guard: why no tool may remove it.
        declarations: which programs have made it.
        dependents: what runs as it, and which living identities may become it, each as `KIND NAME`.
        held: `owners`, `privileges` through carriers as well, and `credentials` as `KIND ID`.
    """

    target: Target
    lease: str | None
    marks: Mapping[str, str]
    guard: Guard | None
    declarations: tuple[Declaration, ...]
    dependents: tuple[str, ...]
    held: Mapping[str, Any]


def known_as(inventory: Inventory, key: str) -> list[Known]:
    """Find the living identities of a key or unique id; several when one id is told by several systems."""
    table = tables.identities
    named = (table.c.key == key) | (table.c.unique_id == key)
    return _known(inventory, named & table.c.gone_at.is_(None))


def known_of(inventory: Inventory, target: Target) -> Known | None:
    """Find what is known of an identity, also of one that a scan no longer finds; None when it was never found."""
    table = tables.identities
    found = _known(inventory, (table.c.key == target.key) & (table.c.unique_id == target.unique_id))
    return found[0] if found else None


def _known(inventory: Inventory, where: Any) -> list[Known]:
    table = tables.identities
    with inventory.reading() as connection:
        rows = connection.execute(select(table).where(where).order_by(table.c.last_scan)).mappings()
        by_id = {(row["key"], row["unique_id"]): row for row in rows}
        return [_of_row(connection, row) for _, row in sorted(by_id.items())]


def _of_row(connection: Connection, row: RowMapping) -> Known:
    key = row["key"]
    target = Target(key, row["unique_id"], System(row["system"]), row["place"], row["kind"], row["name"])
    guard = Guard(row["guard"]) if row["guard"] else None
    found = FoundIdentity(
        key, target.system, target.place, target.kind, target.name, target.unique_id, marks=row["marks"], guard=guard
    )
    said = _living(connection, tables.knowledge, "identity", [key])
    credentials = _living(connection, tables.credentials, "identity", [key])
    return Known(
        target=target,
        lease=lease_of_marks(row["marks"]),
        marks=row["marks"],
        guard=guard,
        declarations=_declarations(connection, found),
        dependents=_dependents(connection, key),
        held={
            "owners": sorted({each["value"] for each in said if each["subject"] == Subject.OWNER}),
            "privileges": _privileges(connection, key),
            "credentials": sorted({f"{each['kind']} {each['id']}" for each in credentials}),
        },
    )


def _living(connection: Connection, table: Table, column: str, values: Iterable[str]) -> list[RowMapping]:
    query = select(table).where(table.c[column].in_(list(values)) & table.c.gone_at.is_(None))
    return list(connection.execute(query).mappings())


def _declarations(connection: Connection, found: FoundIdentity) -> tuple[Declaration, ...]:
    """Read which programs declare an identity; states may tell its key only by the end, or in other letter cases."""
    table = tables.declarations
    ends = func.lower(literal(found.key)).like(literal("%").concat(func.lower(table.c.identity)))
    query = select(table).where((table.c.system == found.system) & table.c.gone_at.is_(None) & ends)
    told = [
        Declaration(
            identity=row.identity,
            unique_id=row.unique_id,
            system=System(row.system),
            kind=row.kind,
            manager=Manager(row.manager),
            where=row.stack,
            address=row.address,
        )
        for row in connection.execute(query)
    ]
    return tuple(each for each in told if declares(each, found))


def _dependents(connection: Connection, key: str) -> tuple[str, ...]:
    """Tell what depends on an identity: a service or an account that its trust names is not known to use it."""
    running = [f"{each['kind']} {each['name']}" for each in _living(connection, tables.dependents, "identity", [key])]
    steps = _living(connection, tables.steps, "target", [key])
    sources = {each["source_key"] for each in steps} - {key}
    becoming = {f"{each['kind']} {each['key']}" for each in _living(connection, tables.identities, "key", sources)}
    return tuple(sorted({*running, *becoming}))


def _privileges(connection: Connection, key: str) -> list[dict[str, Any]]:
    """Read what an identity holds by itself and through carriers, which may have carriers themselves."""
    holders, fresh = {key}, {key}
    while fresh:
        carried = _living(connection, tables.carriers, "identity", fresh)
        fresh = {each["carrier"] for each in carried if each["kind"] != _CAPS} - holders
        holders |= fresh
    fields = ("privilege", "target", "denied", "condition", "holder")
    grants = _living(connection, tables.grants, "holder", holders)
    found = {tuple(each[name] for name in fields) for each in grants}
    return [dict(zip(fields, each, strict=True)) for each in sorted(found)]
