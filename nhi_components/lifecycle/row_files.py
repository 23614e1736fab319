"""Files of rows that people or other tools write: CSV, JSON and YAML, read whole or not at all.

All that is wrong with a file is told at once, with the row; rows are counted from 1, a header line is none. No value
of a file is quoted.
"""

from __future__ import annotations

import csv
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Final

from nhi_components.core.errors import Problem, SpecError, SystemUnreachable
from nhi_components.core.inventory.records import Record
from nhi_components.core.yaml_text import MalformedYaml, parse_yaml
from nhi_components.facts.values import MalformedJson, kind_of, parse_json
from nhi_components.lifecycle.discovery.ports import NotSeen, Page, Section

SUFFIXES: Final = (".csv", ".json", ".yaml", ".yml")
_DELIMITERS: Final = ",;\t"
_TOLD: Final = 50
"""Problems of one file that are told one by one."""
_LONGEST_NUMBER: Final = 10**30
_BETWEEN: Final = re.compile(r"[;,|]")
_UNWRITABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_FLAGS: Final[Mapping[str, bool]] = {
    "true": True,
    "yes": True,
    "1": True,
    "active": True,
    "false": False,
    "no": False,
    "0": False,
    "inactive": False,
}


@dataclass(slots=True)
class Row:
    """One row of a file, whose cells are judged as they are read.

    Attributes:
        number: from 1.
        cells: by column, in lower case with `_` for spaces and hyphens; None and empty texts are left out.
        columns: all that the row has, also without a value.
        problems: what is wrong with it.
    """

    number: int
    cells: Mapping[str, object]
    columns: frozenset[str]
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, column: str, got: str, expected: str, fix: str) -> None:
        """Note what is wrong with a cell."""
        self.problems.append(Problem(f"row {self.number}: {column}", got, expected, fix))

    def text(self, column: str) -> str:
        """Give a cell as one line; empty where there is none."""
        return self._line(column, self.cells.get(column, ""))

    def texts(self, column: str) -> tuple[str, ...]:
        """Give a cell as several texts: a list, or a text with `;`, `,` or `|` between them."""
        cell = self.cells.get(column, "")
        parts = cell if isinstance(cell, list) else _BETWEEN.split(cell) if isinstance(cell, str) else [cell]
        lines = [self._line(column, part) for part in parts]
        return tuple(dict.fromkeys(line for line in lines if line))

    def flag(self, column: str) -> bool | None:
        """Give a cell as yes or no; None where there is none."""
        cell = self.cells.get(column)
        if cell is None or isinstance(cell, bool):
            return cell
        flag = _FLAGS.get(str(cell).lower()) if isinstance(cell, str | int) and _is_short(cell) else None
        if flag is None:
            self.refuse(column, f"{kind_of(cell)} that is neither", "yes or no", "write true or false")
        return flag

    def moment(self, column: str) -> datetime | None:
        """Give a cell as a moment, a day as its beginning, both in UTC unless told; None where there is none."""
        cell = self.cells.get(column)
        if cell is None:
            return None
        moment = _moment(cell) if isinstance(cell, str) else None
        if moment is None:
            self.refuse(column, f"{kind_of(cell)} that is no day", "a day or moment", "write it as 2026-11-30")
        return moment

    def _line(self, column: str, cell: object) -> str:
        if isinstance(cell, bool) or not isinstance(cell, str | int) or not _is_short(cell):
            self.refuse(column, kind_of(cell), "a text", "write it as a text, in quotes")
            return ""
        line = " ".join(str(cell).split())
        if _UNWRITABLE.search(line):
            self.refuse(column, "a text with control characters", "plain text", "take them out")
            return ""
        return line


def file_of_rows(command: str, option: str, told: str) -> Path:
    """Find a file of rows.

    Raises:
        SpecError: there is none, or its name does not tell what it is.
    """
    file = Path(told).expanduser().resolve()
    if not file.is_file():
        raise SpecError(command, [Problem(option, f"no file {file}", "a file of rows", "correct the path")])
    if file.suffix.lower() not in SUFFIXES:
        expected = f"a file of {', '.join(SUFFIXES)}"
        raise SpecError(command, [Problem(option, str(file), expected, "export it as one of them, named so")])
    return file


class RowFile(ABC):
    """One file as the source of one section, `discovery.ports.Source`.

    Args:
        system: what sources of its kind call themselves.
        section: the name of its section.
        what: is unseen without it, for people.
        file: absolute.
    """

    def __init__(self, system: str, section: str, what: str, file: Path) -> None:
        self.system: str = system
        self.connection = str(file)
        self._file, self._section, self._what = file, section, what

    def place(self) -> str:
        """Tell which file it is.

        Raises:
            SystemUnreachable: it may not be read, or is gone.
        """
        require_readable(self.system, self._file)
        return self.connection

    def beginnings(self) -> Sequence[str]:
        """Name the only section."""
        return (self._section,)

    def section(self, name: str) -> Section:
        """Give the section; it is one page, so that a file that changes meanwhile is never half of each."""
        return Section(name, self._what, (), lambda _: Page(self.records()))

    @abstractmethod
    def records(self) -> Sequence[Record]:
        """Read the file.

        Raises:
            NotSeen: something is wrong with it.
        """


def require_readable(system: str, file: Path) -> None:
    """Prove that a file is still there and may be read.

    Raises:
        SystemUnreachable: it can't.
    """
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        got = f"{file}: {error.strerror or type(error).__name__}"
        problem = Problem(system, got, "a file that can be read", "correct its path or its rights")
        raise SystemUnreachable(system, problem) from None


def rows_of(file: Path) -> list[Row]:
    """Read all rows of a file; those that already have problems have no cells that could be judged.

    Raises:
        NotSeen: it can't be read, is malformed, or has no row; an export that went wrong is no empty one.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
        rows = _csv(text) if file.suffix.lower() == ".csv" else _objects(file, text)
    except OSError as error:
        got = error.strerror or type(error).__name__
        raise NotSeen(f"{file}: got {got}, expected a file that can be read; fix: correct its rights") from None
    except UnicodeDecodeError:
        raise NotSeen(f"{file}: got no UTF-8 text, expected rows; fix: export it as UTF-8") from None
    except (MalformedJson, MalformedYaml, csv.Error) as error:
        raise NotSeen(f"{file}: got what cannot be read ({error}), expected rows; fix: export it anew") from None
    if not rows:
        raise NotSeen(f"{file}: got no row, expected at least one; fix: export it anew, or leave it out")
    return rows


def refuse_if(file: Path, problems: list[Problem]) -> None:
    """Refuse a file as a whole when anything is wrong with it.

    Raises:
        NotSeen: with all problems; beyond 50 with how many more there are.
    """
    if not problems:
        return
    told = [f"{each.path}: got {each.got}, expected {each.expected}, fix: {each.fix}" for each in problems[:_TOLD]]
    more = [f"and {len(problems) - _TOLD} more"] if len(problems) > _TOLD else []
    plural = "s" if len(problems) > 1 else ""
    raise NotSeen(f"{file}: {len(problems)} problem{plural}: " + "; ".join([*told, *more]))


def _csv(text: str) -> list[Row]:
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    lines = [line for line in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True) if any(line)]
    if not lines:
        return []
    header, *others = lines
    rows = [_row(number, list(zip(header, line, strict=False))) for number, line in enumerate(others, 1)]
    for row, line in zip(rows, others, strict=True):
        if len(line) != len(header):
            got, expected = f"{len(line)} cells", f"{len(header)}, as the header has"
            row.problems.append(Problem(f"row {row.number}", got, expected, "put what holds a separator in quotes"))
    return rows


def _objects(file: Path, text: str) -> list[Row]:
    if file.suffix.lower() == ".json":
        found = parse_json(text)
    else:
        documents = parse_yaml(text)
        found = documents[0].value if len(documents) == 1 else [] if not documents else None
    if isinstance(found, dict) and len(found) == 1:
        (found,) = found.values()
    if not isinstance(found, list):
        expected = "a list of rows, or an object with nothing but that"
        raise NotSeen(f"{file}: got {kind_of(found)}, expected {expected}; fix: export it anew")
    return list(_rows(found))


def _rows(found: list[object]) -> Iterator[Row]:
    for number, entry in enumerate(found, 1):
        if isinstance(entry, dict):
            yield _row(number, list(entry.items()))
        else:
            problem = Problem(f"row {number}", kind_of(entry), "an object", "write its columns as members")
            yield Row(number, {}, frozenset(), [problem])


def _row(number: int, pairs: list[tuple[str, object]]) -> Row:
    told = [(re.sub(r"[\s-]+", "_", name.strip().lower()), value) for name, value in pairs]
    stripped = [(name, value.strip() if isinstance(value, str) else value) for name, value in told]
    names = [name for name, _ in told if name]
    row = Row(number, {name: value for name, value in stripped if value not in (None, "")}, frozenset(names))
    if len(row.columns) != len(names):
        row.problems.append(Problem(f"row {number}", "a column twice", "each column once", "leave one out"))
    return row


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _is_short(cell: str | int) -> bool:
    return isinstance(cell, str) or abs(cell) < _LONGEST_NUMBER
