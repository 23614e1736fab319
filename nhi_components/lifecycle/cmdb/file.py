"""An export of a CMDB as a source of a scan: CSV, JSON or YAML, each row about one or more identities.

| column | what |
| --- | --- |
| `key` | the identity's key, as `nhi inventory` shows it |
| `system`, `place`, `name` | or all three of them |
| `pattern` | or a pattern of keys, with `*` for any characters and `?` for one |
| `owner` | a person or a team |
| `purpose`, `environment`, `tier` | likewise |
| `dependents` | what cannot work without it |

A row names identities in one of the three ways, and says something of them; other columns are not read. They need not
be known when the file is read: see `lifecycle.inventory.claims`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nhi_components.core.inventory.owning import row_source
from nhi_components.core.inventory.records import Claim, Naming, Subject
from nhi_components.core.links import System
from nhi_components.lifecycle.row_files import Row, RowFile, refuse_if, rows_of

SYSTEM: Final = "cmdb"
_SECTION: Final = "rows"
_DEPENDENTS: Final = "dependents"
_SAID: Final = (*Subject, _DEPENDENTS)
_SYSTEMS: Final = frozenset(System)
_WAYS: Final = "`key`, `pattern`, or all of `system`, `place` and `name`"


class CmdbFile(RowFile):
    """One file, as a source of a scan.

    Args:
        file: absolute.
    """

    def __init__(self, file: Path) -> None:
        super().__init__(SYSTEM, _SECTION, f"what {file} says of identities", file)

    def records(self) -> list[Claim]:
        """Read what each row claims."""
        rows = rows_of(self._file)
        claims = [claim for row in rows if not row.problems for claim in self._of(row)]
        refuse_if(self._file, [problem for row in rows for problem in row.problems])
        return claims

    def _of(self, row: Row) -> Iterator[Claim]:
        return _claims_of(row, row_source(self._file.name, row.number))


def _claims_of(row: Row, source: str) -> Iterator[Claim]:
    naming, which, system, place = _named(row)
    said = [(subject, row.text(subject)) for subject in Subject]
    dependents = row.texts(_DEPENDENTS)
    if not row.problems and not dependents and not any(value for _, value in said):
        row.refuse(Subject.OWNER, "a row that says nothing", f"one of {', '.join(_SAID)}", "fill it, or leave it out")
    for subject, value in said:
        if value:
            yield Claim(naming, which, subject, value, source, system, place)
    for value in dependents:
        yield Claim(naming, which, None, value, source, system, place)


def _named(row: Row) -> tuple[Naming, str, System | None, str]:
    key, pattern = row.text("key"), row.text("pattern")
    system, place, name = row.text("system").lower(), row.text("place"), row.text("name")
    if system and system not in _SYSTEMS:
        row.refuse("system", "a text that is none", f"one of {', '.join(System)}", "correct it")
    ways = [bool(key), bool(pattern), bool(name and not key and not pattern)]
    if sum(ways) != 1 and not row.problems:
        got = "more than one" if sum(ways) else "none"
        row.refuse("key", got, f"one way to name identities: {_WAYS}", "leave the others empty")
    if ways[2] and not (system and place) and not row.problems:
        row.refuse("name", "a name without `system` or `place`", _WAYS, "say where it lives")
    where = System(system) if system in _SYSTEMS else None
    if key:
        return Naming.KEY, key, where, place
    return (Naming.PATTERN, pattern, where, place) if pattern else (Naming.NAME, name, where, place)
