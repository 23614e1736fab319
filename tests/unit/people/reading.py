"""Reads one source of people or of a CMDB, as a scan does, without an inventory."""

from __future__ import annotations

from nhi_components.core.inventory.records import Record
from nhi_components.lifecycle.discovery.ports import Source


def records_of(source: Source) -> list[Record]:
    """Everything that all pages of all sections tell."""
    found: list[Record] = []
    for name in source.beginnings():
        section, cursor = source.section(name), None
        while True:
            page = section.read(cursor)
            found += page.records
            cursor = page.next
            if cursor is None:
                break
    return found
