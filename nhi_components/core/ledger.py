"""The ledger of a lease: every part that was ever linked, and what became of it.

The state only caches it; the connected systems themselves are the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from nhi_components.core.connection import DEFAULT
from nhi_components.core.links import Link, LinkKind, System


class PartState(StrEnum):
    """What became of a part."""

    LINKED = "linked"
    DEPARTED = "departed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One part of a lease.

    Attributes:
        link: what it is; its unique id is known to the seal only.
        state: linked while the program declares it; departed once it does not; gone once that was confirmed.
        gone_at: when it was confirmed gone.
    """

    link: Link
    state: PartState = PartState.LINKED
    gone_at: datetime | None = None

    def to_state(self) -> dict[str, Any]:
        """Write it as plain data for the Pulumi state."""
        content = link_to_state(self.link) | {"state": str(self.state)}
        return content | {"goneAt": self.gone_at.isoformat()} if self.gone_at else content

    @classmethod
    def from_state(cls, content: Mapping[str, Any]) -> LedgerEntry:
        """Read it back."""
        gone_at = content.get("goneAt")
        return cls(
            link_from_state(content),
            PartState(content["state"]),
            datetime.fromisoformat(gone_at) if gone_at else None,
        )


def succeed(old: Iterable[LedgerEntry], declared: Iterable[Link]) -> list[LedgerEntry]:
    """Merge what was ever linked with what the program declares now; nothing is ever dropped."""
    now_linked = {link.key: LedgerEntry(link) for link in declared}
    before = {entry.link.key: _departed(entry) for entry in old}
    return list((before | now_linked).values())


def _departed(entry: LedgerEntry) -> LedgerEntry:
    return replace(entry, state=PartState.DEPARTED) if entry.state is PartState.LINKED else entry


def link_to_state(link: Link) -> dict[str, Any]:
    """Write a link as plain data for the Pulumi state."""
    content: dict[str, Any] = {
        "system": str(link.system),
        "connection": link.connection,
        "kind": str(link.kind),
        "name": link.name,
    }
    if link.unique_id:
        content["uniqueId"] = link.unique_id
    if link.attributes:
        content["attributes"] = dict(link.attributes)
    return content


def link_from_state(content: Mapping[str, Any]) -> Link:
    """Read a link back; `ValueError` or `KeyError` when it is none."""
    return Link(
        system=System(content["system"]),
        kind=LinkKind(content["kind"]),
        name=content["name"],
        connection=content.get("connection", DEFAULT),
        unique_id=content.get("uniqueId"),
        attributes=dict(content.get("attributes", {})),
    )
