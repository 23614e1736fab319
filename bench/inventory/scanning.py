"""How much faster a scan is than asking for the same pages one after another."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from nhi_components.core.inventory.records import FoundIdentity, Use
from nhi_components.core.links import System
from nhi_components.lifecycle.discovery.ports import Page, Section
from nhi_components.lifecycle.discovery.scanning import Scanner
from nhi_components.lifecycle.inventory.store import open_inventory

SECTIONS: Final = 40
PAGES: Final = 25
ANSWER: Final = 0.02
"""Seconds that a page takes to come."""
_EACH: Final = 10


class SlowSystem:
    """A system that answers each page after a while, however many are asked for at once."""

    system = System.HOOK
    connection = "default"

    def place(self) -> str:
        """Tell where it is."""
        return "bench"

    def beginnings(self) -> Sequence[str]:
        """Name all sections."""
        return [f"section-{number}" for number in range(SECTIONS)]

    def section(self, name: str) -> Section:
        """Give a section of made-up identities."""

        def read(cursor: str | None) -> Page:
            time.sleep(ANSWER)
            at = int(cursor or 0)
            keys = [f"{name}/{at}/{number}" for number in range(_EACH)]
            records = [FoundIdentity(key, System.HOOK, "bench", "account", key, key, use=Use()) for key in keys]
            return Page(records, str(at + 1) if at + 1 < PAGES else None)

        return Section(name, name, (), read)


def seconds_of_a_scan(workers: int) -> float:
    """Scan all of it into a new inventory.

    Args:
        workers: sections at a time.
    """
    with tempfile.TemporaryDirectory(prefix="nhi-bench-") as folder:
        inventory = open_inventory(str(Path(folder) / "inventory.db"))
        begun = time.perf_counter()
        scan = Scanner(inventory, lambda: datetime.now(UTC), time.sleep, workers).scan([SlowSystem()])
        seconds = time.perf_counter() - begun
        inventory.close()
    assert scan.complete
    return seconds
