"""What the last full scan of an inventory has seen, and what it has not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from nhi_components.lifecycle.events.tables import partial_scans
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.store import Inventory, SectionProgress, SectionState


@dataclass(frozen=True, slots=True)
class LastScan:
    """The last full scan.

    Attributes:
        number: in the inventory.
        started_at: when it began.
        ended_at: when nothing of it was left to be read; None when it was stopped before that.
        unseen: sections that it has not read, and why.
    """

    number: int
    started_at: datetime
    ended_at: datetime | None
    unseen: tuple[SectionProgress, ...]

    @property
    def complete(self) -> bool:
        """Whether it ended, and has seen all that it was to see."""
        return self.ended_at is not None and not self.unseen


def last_scan(inventory: Inventory) -> LastScan | None:
    """Tell of the last full scan; None when there was none."""
    full = tables.scans.c.id.not_in(select(partial_scans.c.scan))
    query = select(tables.scans).where(full).order_by(tables.scans.c.id.desc()).limit(1)
    with inventory.reading() as connection:
        last = connection.execute(query).one_or_none()
    if last is None:
        return None
    unseen = inventory.progress(last.id, *(state for state in SectionState if state is not SectionState.READ))
    return LastScan(last.id, last.started_at, last.ended_at, tuple(unseen))
