"""Whether owners are still there, as directories of people have told it to the inventory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from nhi_components.core.inventory.owning import Owner, Presence, names_of
from nhi_components.lifecycle.inventory import tables


@dataclass(frozen=True, slots=True)
class People:
    """People and teams by their names.

    Attributes:
        named: what directories tell of each name; also of those that they tell of no longer.
    """

    named: Mapping[str, list[Row[Any]]]

    def owner(self, who: str, source: str) -> Owner:
        """Tell whether an owner is still there.

        Of several directories the one that was read last counts; what two of them tell in one scan counts as present
        when either says so. Whom no directory tells of any longer has left.
        """
        rows = next((self.named[name] for name in names_of(who) if name in self.named), [])
        told = [row for row in rows if row.gone_at is None]
        latest = max((row.last_scan for row in told), default=0)
        newest = [row for row in told if row.last_scan == latest]
        if any(row.active for row in newest):
            return Owner(who, source, Presence.PRESENT)
        if rows:
            return Owner(who, source, Presence.LEFT, _since(newest, rows))
        return Owner(who, source)


def people(connection: Connection) -> People:
    """Read all people that directories tell of, or have told of."""
    named: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(select(tables.people)):
        for name in row.names:
            named[name.lower()].append(row)
    return People(dict(named))


def _since(told: list[Row[Any]], rows: list[Row[Any]]) -> datetime | None:
    moments = [row.since for row in told] if told else [row.gone_at for row in rows]
    return max((moment for moment in moments if moment), default=None)
