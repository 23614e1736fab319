"""What a cut-off leaves on a principal: since when it is in force, and which roles were taken from it.

Azure can't disable a managed identity: to cut one off is to take its roles away. So that a cut-off can be undone, its
principal's tags tell which role each assignment was of; where it was assigned is in the name of the assignment's link.
A resource takes 50 tags with values of 256 characters (Azure Resource Manager, 'Use tags to organize your Azure
resources'): roles for which there is no room are not given back, but made anew by `pulumi up --refresh`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

MOST_TAGS: Final = 50
LONGEST_VALUE: Final = 256

_SINCE: Final = "nhi:cut-off"
_ROLES: Final = "nhi:cut-off-roles-"
_TOGETHER: Final = 3
"""So many pairs of ids without hyphens are in one tag."""

_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_PAIR: Final = re.compile(r"([0-9a-f]{32})=([0-9a-f]{32})")
_WITH_PLACE: Final = re.compile(r"([0-9a-f]{32})=([0-9a-f]{32}) (/.*)")


@dataclass(frozen=True, slots=True)
class Taken:
    """A role that was taken from a principal.

    Attributes:
        role: the id of its definition, a GUID.
        within: for a role of a Cosmos DB account's own, where in the account it held, as `/dbs/D`; empty for all of it.
    """

    role: str
    within: str = ""


@dataclass(frozen=True, slots=True)
class CutOffMark:
    """What a principal tells of a cut-off.

    Attributes:
        at: since when it is in force.
        taken: by the GUID of an assignment that was removed, the role that it was of.
    """

    at: datetime
    taken: Mapping[str, Taken] = field(default_factory=dict)


def mark_of(tags: Mapping[str, str]) -> CutOffMark | None:
    """Read what tags tell of a cut-off; None when they tell of none."""
    since = tags.get(_SINCE)
    if since is None:
        return None
    try:
        at = datetime.strptime(since, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    told = [value for name, value in tags.items() if name.startswith(_ROLES)]
    return CutOffMark(at, {assignment: taken for value in told for assignment, taken in _read(value)})


def without_mark(tags: Mapping[str, str]) -> dict[str, str]:
    """Leave out of tags what they tell of a cut-off."""
    return {name: value for name, value in tags.items() if name != _SINCE and not name.startswith(_ROLES)}


def with_mark(tags: Mapping[str, str], mark: CutOffMark) -> dict[str, str]:
    """Write into tags that their principal is cut off, with as many of the taken roles as there is room for."""
    kept = without_mark(tags) | {_SINCE: mark.at.astimezone(UTC).strftime(_TIME)}
    values = [value for value in _written(mark.taken) if len(value) <= LONGEST_VALUE]
    roles = {f"{_ROLES}{number}": value for number, value in enumerate(values[: max(0, MOST_TAGS - len(kept))], 1)}
    return kept | roles


def _written(taken: Mapping[str, Taken]) -> Iterator[str]:
    pairs = [f"{_hex(assignment)}={_hex(each.role)}" for assignment, each in taken.items() if not each.within]
    for start in range(0, len(pairs), _TOGETHER):
        yield " ".join(pairs[start : start + _TOGETHER])
    for assignment, each in taken.items():
        if each.within:
            yield f"{_hex(assignment)}={_hex(each.role)} {each.within}"


def _read(value: str) -> Iterator[tuple[str, Taken]]:
    if found := _WITH_PLACE.fullmatch(value):
        yield str(UUID(found[1])), Taken(str(UUID(found[2])), found[3])
        return
    for assignment, role in _PAIR.findall(value):
        yield str(UUID(assignment)), Taken(str(UUID(role)))


def _hex(guid: str) -> str:
    return UUID(guid).hex
