"""Whom claims are about: settled at the end of each scan, so that an identity may be found before or after its claim.

What is settled stands in `knowledge` and `dependents` like what any section tells, and is gone with its claim.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, select

from nhi_components.core.glob import glob_matcher
from nhi_components.core.inventory.declaring import declarable, same_key
from nhi_components.core.inventory.records import FoundDependent, Knowledge, Naming, Record, Subject
from nhi_components.core.links import System
from nhi_components.lifecycle.inventory import tables

CLAIMED: Final = ("claims", "settled")
"""Source and section of what is settled; no scan reads a section of theirs."""
DEPENDENT: Final = "configuration-item"
"""The kind of what a claim says depends on an identity."""


class _Identity(NamedTuple):
    """What of an identity a claim may name."""

    key: str
    system: str
    place: str
    name: str
    unique_id: str


def settled(connection: Connection) -> list[Record]:
    """Give what all claims say, each about every identity that is there and that it names."""
    claims = connection.execute(select(tables.claims).where(tables.claims.c.gone_at.is_(None))).all()
    if not claims:
        return []
    found = _Found(_identities(connection))
    return [record for claim in claims for key in found.named(claim) for record in _said(key, claim)]


def _identities(connection: Connection) -> list[_Identity]:
    table = tables.identities
    query = select(*(table.c[name] for name in _Identity._fields)).where(table.c.gone_at.is_(None))
    return [_Identity(*row) for row in connection.execute(query)]


def _said(key: str, claim: Row[Any]) -> Iterator[Record]:
    if claim.subject is None:
        yield FoundDependent(key, DEPENDENT, claim.value)
    else:
        yield Knowledge(key, Subject(claim.subject), claim.value, claim.told_by)


class _Found:
    """Identities, looked up in each way that claims name them; an index is made when it is first asked for."""

    def __init__(self, identities: Sequence[_Identity]) -> None:
        self._identities = identities
        self._sorted = sorted((same_key(System(each.system), each.key), each) for each in identities)
        self._indices: dict[Naming, dict[str, list[_Identity]]] = {}

    def named(self, claim: Row[Any]) -> list[str]:
        """Give the keys of those that a claim names."""
        naming = Naming(claim.named_by)
        look = self._like if naming is Naming.PATTERN else self._index(naming).get
        by_name = naming is Naming.NAME
        # Both ways to write it, as which of them counts is a matter of each identity's system.
        found = {
            each.key
            for which in {claim.which, claim.which.casefold()}
            for each in look(which) or ()
            if _fits(each, claim) and which == (claim.which if by_name else same_key(System(each.system), claim.which))
        }
        return sorted(found)

    def _like(self, pattern: str) -> Iterator[_Identity]:
        matches = glob_matcher(pattern)
        beginning = pattern[: min((at for at in map(pattern.find, "*?") if at >= 0), default=len(pattern))]
        start = bisect_left(self._sorted, (beginning,))
        for key, each in islice(self._sorted, start, None):
            if not key.startswith(beginning):
                return
            if matches(key):
                yield each

    def _index(self, naming: Naming) -> dict[str, list[_Identity]]:
        if naming not in self._indices:
            made: dict[str, list[_Identity]] = defaultdict(list)
            for each in self._identities:
                for name in _NAMES[naming](each):
                    made[name].append(each)
            self._indices[naming] = dict(made)
        return self._indices[naming]


_NAMES: Final[dict[Naming, Callable[[_Identity], Iterable[str]]]] = {
    Naming.KEY: lambda each: (same_key(System(each.system), each.key),),
    Naming.NAME: lambda each: (each.name,),
    Naming.DECLARED: lambda each: declarable(System(each.system), each.key),
}


def _fits(identity: _Identity, claim: Row[Any]) -> bool:
    return all(
        asked in (None, "", own)
        for asked, own in (
            (claim.system, identity.system),
            (claim.place, identity.place),
            (claim.unique_id, identity.unique_id),
        )
    )
