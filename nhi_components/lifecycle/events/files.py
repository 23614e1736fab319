"""Reading events from files that grow, and from files that are delivered: JSON lines, JSON documents, either gzipped.

A file of lines is known by its first line, whatever it is called, so that it goes on where it stood after it was
rotated, and one that was emptied and begun anew is read from its beginning. A line without its end is left for the next
time. A document, or a gzipped file, is read once, and again when it has grown.
"""

from __future__ import annotations

import glob
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from nhi_components.core.errors import NhiError, Problem, SpecError
from nhi_components.core.links import System
from nhi_components.lifecycle.events.ports import NOT_UNDERSTOOD, Batch, Event, Reading, Told, Unreadable, together

LATE: Final = timedelta(hours=1)
"""How much older than what is of interest events and files may be: our own figure for clocks that differ."""
_AT_ONCE: Final = 1000
"""Lines that are read together."""
_KEPT_AT_ONCE: Final = 50
"""Parts, of so many lines or of a whole document, that are kept together with where their files go on."""
_LONGEST: Final = 8 * 1024 * 1024
"""Bytes of a line that are read: our own figure; what goes on behind that is not understood."""
_LARGEST: Final = 512 * 1024 * 1024
"""Bytes of a document, unpacked: our own figure, so that no file takes all memory."""
_LISTS: Final = ("Records", "records", "value", "items", "entries", "events")
"""Fields by which CloudTrail, Azure, Kubernetes and Google Cloud wrap records in one document."""
_NO_EVENTS: Final = frozenset({"CloudTrail-Digest", "CloudTrail-Insight"})
"""Folders that CloudTrail writes beside its log files."""


class FileEvents:
    """What some files tell of one system.

    Args:
        system: of which.
        pattern: a file, a folder with all below it, or a pattern such as `audit*.log`.
        place: tells where what they tell is, for records that do not say so themselves; may raise `SystemUnreachable`.
        reading: tells what a record says.
    """

    def __init__(self, system: System, pattern: str, place: Callable[[], str], reading: Reading) -> None:
        self._system, self._pattern, self._reading = system, pattern, reading
        self._where = place

    @cached_property
    def _place(self) -> str:
        return self._where()

    @property
    def name(self) -> str:
        """By which the cursor is kept."""
        return f"files {self._system} {Path(self._pattern).absolute()}"

    def read(self, cursor: str | None, since: datetime) -> Iterable[Batch]:
        """Yield what the files tell; a cursor says how much of each was read, by its fingerprint.

        Raises:
            SpecError: no file is there.
            NhiError: some can't be read; the others were.
        """
        # Before any line is read: without it no line is lost, and none is said to be of nowhere.
        self._place  # noqa: B018
        known: dict[str, int] = json.loads(cursor) if cursor else {}
        reached, waiting, failed = dict[str, int](), list[Told](), list[str]()
        for file in self._files():
            try:
                if datetime.fromtimestamp(file.stat().st_mtime, UTC) < since - LATE:
                    continue
                for told, mark, at in self._of_file(file, known):
                    reached[mark] = at
                    waiting.append(_of_interest(told, since))
                    if len(waiting) >= _KEPT_AT_ONCE:
                        yield Batch(together(waiting), _written({**known, **reached}))
                        waiting = []
            except OSError as error:
                failed.append(f"{file}: {error.strerror or type(error).__name__}, expected a file to read")
            except NhiError as error:
                failed.append(str(error))
        # What is no longer there is forgotten.
        yield Batch(together(waiting), _written({**known, **reached} if failed else reached))
        if failed:
            raise NhiError("\n".join(failed))

    def _files(self) -> list[Path]:
        path = Path(self._pattern)
        if path.is_dir():
            return sorted(each for each in path.rglob("*") if each.is_file() and not _NO_EVENTS & {*each.parts})
        found = sorted(Path(each) for each in glob.glob(self._pattern, recursive=True))  # noqa: PTH207 - also absolute ones
        if not found:
            fix = "correct the path; a file that is still to be written can be named by its folder"
            raise SpecError("events", [Problem(str(self._system), self._pattern, "a file that is there", fix)])
        return [each for each in found if each.is_file()]

    def _of_file(self, file: Path, known: Mapping[str, int]) -> Iterator[tuple[Told, str, int]]:
        """Yield what is new in a file, with its fingerprint and how far it was read."""
        if file.suffix != ".gz" and _is_lines(file):
            yield from self._of_lines(file, known)
            return
        mark, size = _digest(str(file.absolute()).encode()), file.stat().st_size
        yield Told() if known.get(mark) == size else together(map(self._told, _records(file))), mark, size

    def _of_lines(self, file: Path, known: Mapping[str, int]) -> Iterator[tuple[Told, str, int]]:
        with file.open("rb") as opened:
            mark = _digest(opened.readline(_LONGEST))
            at = known.get(mark, 0)
            opened.seek(at if at <= file.stat().st_size else 0)
            while lines := list(islice(_whole_lines(opened), _AT_ONCE)):
                at = lines[-1][1]
                yield together(self._told(_parsed(line)) for line, _ in lines if line.strip()), mark, at
            yield Told(), mark, at

    def _told(self, record: Any) -> Told:
        if isinstance(record, Mapping):
            if (wrapped := _wrapped(record)) is not None:
                return together(map(self._told, wrapped))
            try:
                return self._reading(record, self._place)
            except Unreadable:
                pass
        # Nobody knows what it says, so that everything is stale.
        itself = _digest(json.dumps(record, sort_keys=True).encode())
        return Told((Event(self._system, self._place, itself, datetime.now(UTC), NOT_UNDERSTOOD),))


def _of_interest(told: Told, since: datetime) -> Told:
    begin = since - LATE
    return Told(tuple(e for e in told.events if e.at >= begin), tuple(u for u in told.uses if u.at >= begin))


def _is_lines(file: Path) -> bool:
    """Tell whether a file holds a record on each line, rather than one document."""
    with file.open("rb") as opened:
        first = opened.readline(_LONGEST)
    found = _parsed(first) if first.endswith(b"\n") else None
    return isinstance(found, Mapping) and _wrapped(found) is None


def _whole_lines(opened: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield the lines that have an end, of those that are too long the beginning, each with where the next begins."""
    while (line := opened.readline(_LONGEST)).endswith(b"\n") or len(line) == _LONGEST:
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = opened.readline(_LONGEST)
        if not rest:
            return
        yield line, opened.tell()


def _records(file: Path) -> Iterator[Any]:
    """Yield the records of a whole file: of a document, or of an object on each line."""
    try:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise NhiError(f"{file}: not whole, or not gzipped, expected a file as it was delivered") from None
    if len(content) > _LARGEST:
        raise NhiError(f"{file}: more than {_LARGEST} bytes, expected a file of events; fix: divide it")
    try:
        document = json.loads(content)
    except ValueError:
        yield from (_parsed(each) for each in content.splitlines() if each.strip())
        return
    yield from document if isinstance(document, list) else [document]


def _wrapped(document: Mapping[str, Any]) -> list[Any] | None:
    return next((document[name] for name in _LISTS if isinstance(document.get(name), list)), None)


def _parsed(line: bytes) -> Any:
    """Read a line as JSON; one that is none is given as text."""
    try:
        return json.loads(line)
    except ValueError:
        return line.decode(errors="replace")


def _written(reached: Mapping[str, int]) -> str:
    return json.dumps(reached, sort_keys=True)


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()
