"""An inventory of planted records, and its estate in an engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nhi_components.core.inventory.records import (
    Declaration,
    FoundIdentity,
    Knowledge,
    Manager,
    Record,
    Subject,
    Use,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.discovery.ports import Page
from nhi_components.lifecycle.inventory.store import Inventory, open_inventory
from nhi_components.lifecycle.verdicts.estate import export

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def before(days: float) -> datetime:
    return NOW - timedelta(days=days)


def role(name: str, **fields: Any) -> FoundIdentity:
    """A role of AWS, made long ago and used today."""
    known: dict[str, Any] = {
        "system": System.AWS,
        "place": "111122223333",
        "kind": "iam-role",
        "unique_id": f"AROA{name.upper()}",
        "created_at": before(900),
        "use": Use(before(0.5), before(400), before(0.2)),
    }
    return FoundIdentity(key=arn(name), name=name, **(known | fields))


def arn(name: str) -> str:
    return f"arn:aws:iam::111122223333:role/{name}"


def owned(name: str, by: str = "payments@example.com") -> Knowledge:
    return Knowledge(arn(name), Subject.OWNER, by, "mark nhi:owner")


def declared(name: str, **fields: Any) -> Declaration:
    known: dict[str, Any] = {"unique_id": "", "system": System.AWS, "kind": "iam-role", "manager": Manager.PULUMI}
    known |= {"where": "shop/orders/prod", "address": f"urn:{name}"}
    return Declaration(identity=arn(name), **(known | fields))


def planted(folder: Path, *scans: Sequence[Record]) -> Inventory:
    """Keep what one scan after another has found; what a later one does not tell is gone."""
    inventory = open_inventory(str(folder / "inventory.db"))
    for at, records in enumerate(scans):
        now = NOW - timedelta(days=len(scans) - at)
        number = inventory.begin(now)
        inventory.open_sections(number, "aws/111122223333", ["everything"])
        inventory.write(number, "aws/111122223333", "everything", Page(records), now)
        inventory.end(number, now)
    return inventory


def exported(inventory: Inventory, folder: Path) -> Path:
    """Write an inventory as the engines read it."""
    tables = folder / "estate"
    tables.mkdir()
    export(inventory, tables)
    return tables
