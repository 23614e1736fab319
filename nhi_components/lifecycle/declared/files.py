"""Files of states as a source of a scan: each file is a section, so that one that can't be read hides no other."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from nhi_components.core.errors import Problem, SystemUnreachable
from nhi_components.core.inventory.records import Manager, Record
from nhi_components.facts.values import MalformedJson, kind_of, parse_json
from nhi_components.lifecycle.discovery.ports import NotSeen, Page, Section

_EVERY: Final = "files"
_ONE: Final = "file/"


class Files:
    """Files of one folder, or those that a pattern chooses, as `discovery.ports.Source`.

    Args:
        manager: whose states they are.
        place: the folder or pattern, absolute.
        folder: below which all of them lie.
        find: lists them, by their paths below the folder.
        declarations: reads one, by its path below the folder and its content.
    """

    def __init__(
        self,
        manager: Manager,
        place: str,
        folder: Path,
        find: Callable[[], Iterable[str]],
        declarations: Callable[[str, Mapping[str, Any]], Iterable[Record]],
    ) -> None:
        self.system: str = manager
        self.connection = place
        self._folder, self._find, self._declarations = folder, find, declarations

    def place(self) -> str:
        """Tell which folder or pattern it is.

        Raises:
            SystemUnreachable: there is no such folder, or it may not be read.
        """
        try:
            next(iter(self._folder.iterdir()), None)
        except OSError as error:
            got = f"{self._folder}: {error.strerror or type(error).__name__}"
            raise SystemUnreachable(
                self.system, Problem(self.connection, got, "a folder that can be read", "correct the path")
            ) from None
        return self.connection

    def beginnings(self) -> Sequence[str]:
        """Name the section that lists the files."""
        return (_EVERY,)

    def section(self, name: str) -> Section:
        """Give a section by its name; of a file, its path is the rest of it."""
        if name == _EVERY:
            return Section(name, f"which files there are in {self.connection}", (), self._every)
        if name.startswith(_ONE):
            path = name.removeprefix(_ONE)
            return Section(name, f"what {path} declares", (), lambda _: self._one(path))
        raise ValueError(name)

    def _every(self, _: str | None) -> Page:
        return Page((), opens=[f"{_ONE}{path}" for path in self._find()])

    def _one(self, path: str) -> Page:
        return Page(list(self._declarations(path, content_of(self._folder / path))))


def content_of(file: Path) -> Mapping[str, Any]:
    """Read a file of JSON, also one that is packed by gzip.

    Raises:
        NotSeen: it can't be read, or is no JSON object; nothing of it is quoted.
    """
    try:
        raw = file.read_bytes()
        text = (gzip.decompress(raw) if file.suffix == ".gz" else raw).decode("utf-8-sig")
        found = parse_json(text)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise NotSeen(f"{file}: got {reason}, expected a file that can be read; fix: correct its rights") from None
    except UnicodeDecodeError:
        raise NotSeen(f"{file}: got no UTF-8 text, expected a state as JSON; fix: leave it out") from None
    except MalformedJson as error:
        raise NotSeen(f"{file}: got no JSON ({error}), expected a state; fix: write it anew, or leave it out") from None
    if not isinstance(found, Mapping):
        raise NotSeen(f"{file}: got {kind_of(found)}, expected the object of a state; fix: leave it out")
    return found
