"""The rows of an estate that readers go through, a batch at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nhi_components.core.links import System

if TYPE_CHECKING:
    import ibis

    from nhi_components.lifecycle.verdicts.estate import Estate

_AT_ONCE: Final = 50_000


class Known(NamedTuple):
    """An identity, as far as readers ask.

    Attributes:
        key: its key.
        place: where it lives.
        kind: what it is, in its system's words.
        name: how people call it.
        unique_id: its system's own id.
    """

    key: str
    place: str
    kind: str
    name: str
    unique_id: str


class Found:
    """An estate, for readers.

    Args:
        estate: it.
        now: this moment (aware), at which dated grants hold or not.
    """

    def __init__(self, estate: Estate, now: datetime) -> None:
        self._estate = estate
        self.now = now
        self._known: dict[str, list[Known]] = defaultdict(list)
        for system, *row in rows_of(estate["identities"], "system", *Known._fields):
            self._known[system].append(Known(*row))

    @property
    def systems(self) -> frozenset[System]:
        """The systems of which there is any identity."""
        return frozenset(map(System, self._known))

    def identities(self, system: System) -> Sequence[Known]:
        """Give the identities of a system."""
        return self._known.get(system, ())

    def rows(self, table: str, system: System, *columns: str) -> Iterator[tuple[Any, ...]]:
        """Yield rows that a system's discovery has told.

        Args:
            table: its name.
            system: the system.
            columns: which columns.
        """
        if system not in self._known:
            return iter(())
        return rows_of(self.of(table, system), *columns)

    def of(self, table: str, system: System) -> ibis.Table:
        """Give the rows that a system's discovery has told; sources are named `SYSTEM/PLACE`."""
        found = self._estate[table]
        return found.filter(found.source.startswith(f"{system}/"))


def rows_of(table: ibis.Table, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield the distinct rows of some columns of a table, in no order."""
    for batch in table.select(*columns).distinct().to_pyarrow().to_batches(_AT_ONCE):
        yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)
