"""A file of people as a source of a scan: CSV, JSON or YAML, one row a person.

| column | what |
| --- | --- |
| `id` | the directory's own id, once in the file; without it, `mail` |
| `mail` | mail addresses |
| `login`, `aliases` | whatever else owners may be called by |
| `active` | yes or no |
| `left` | the day from whose start, in UTC, the person is no longer there, or the moment |
| `team` | the teams that the person is in |

Each row has `active` or `left`, if only as an empty cell: a file without either would have everybody there. Other
columns are not read. A team is there as long as anybody in it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from nhi_components.core.errors import Problem
from nhi_components.core.inventory.records import FoundPerson
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.row_files import Row, RowFile, refuse_if, rows_of

SYSTEM: Final = "people"
"""How sources that tell of nothing but people call themselves."""
_SECTION: Final = "people"
_NAMES: Final = ("mail", "login", "aliases")


class PeopleFile(RowFile):
    """One file, as a source of a scan.

    Args:
        file: absolute.
        clock: tells whether the day on which somebody leaves has come.
    """

    def __init__(self, file: Path, clock: Clock) -> None:
        super().__init__(SYSTEM, _SECTION, f"who is still there by {file}", file)
        self._clock = clock

    def records(self) -> list[FoundPerson]:
        """Read the people, and the teams that they are in."""
        rows = rows_of(self._file)
        told = [_person(row, self._clock()) for row in rows if not row.problems]
        refuse_if(self._file, [*(problem for row in rows for problem in row.problems), *_twice(told)])
        return [*(each.found for each in told), *_teams(told)]


class _Person(NamedTuple):
    row: int
    found: FoundPerson
    teams: tuple[str, ...]


def _person(row: Row, now: datetime) -> _Person:
    names = [name.lower() for column in _NAMES for name in row.texts(column)]
    mail = next(iter(row.texts("mail")), "")
    own_id = row.text("id") or mail.lower()
    if not own_id and not row.problems:
        row.refuse("id", "nothing", "an id, or a mail address", "export either")
    if not row.columns & {"active", "left"}:
        row.refuse("active", "neither `active` nor `left`", "one of them", "export either; an empty `left` is enough")
    flag, left = row.flag("active"), row.moment("left")
    gone = left is not None and left <= now
    if flag and gone:
        row.refuse("active", "yes, of somebody who has left", "no, or another day", "correct `active` or `left`")
    found = FoundPerson(
        id=own_id,
        names=tuple(dict.fromkeys([*names, own_id.lower()])),
        active=not gone and flag is not False,
        since=left if gone else None,
    )
    return _Person(row.number, found, row.texts("team"))


def _twice(people: Sequence[_Person]) -> list[Problem]:
    first: dict[str, int] = {}
    problems = []
    for each in people:
        row = first.setdefault(each.found.id, each.row)
        if row != each.row and each.found.id:
            problems.append(Problem(f"row {each.row}: id", f"the id of row {row}", "each id once", "leave one out"))
    return problems


def _teams(people: Sequence[_Person]) -> list[FoundPerson]:
    members: dict[str, list[FoundPerson]] = defaultdict(list)
    for each in people:
        for team in each.teams:
            members[team.lower()].append(each.found)
    return [
        FoundPerson(
            id=f"team {team}",
            names=(team,),
            active=any(each.active for each in found),
            since=None if any(each.active for each in found) else _last(found),
        )
        for team, found in members.items()
    ]


def _last(people: Sequence[FoundPerson]) -> datetime | None:
    """Tell when the last of them left; None when that is not told of everybody."""
    moments = [each.since for each in people if each.since]
    return max(moments) if len(moments) == len(people) else None
