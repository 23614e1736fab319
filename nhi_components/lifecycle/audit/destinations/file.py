"""Events in a file, one a line: appended, synced, and whole also after a kill."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from nhi_components.core.errors import Problem
from nhi_components.lifecycle.audit.destinations.ports import Busy, NotTaken, Refused
from nhi_components.lifecycle.audit.trail import Outgoing

_BEGINNING: Final = b'{"activity_id":'
"""How each of our lines begins, as their attributes are sorted."""

_MODE: Final = 0o600
_CHUNK: Final = 65_536
_LONGEST_LINE: Final = 67_108_864
"""Bytes; a file without a line break in its last ones is none of ours."""
_PASSING: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.ESTALE, errno.EINTR})
"""What may be over when it is tried again."""


class FileDestination:
    """Appends lines of JSON.

    The file is opened for each batch by its name, so that it can be rotated by renaming at any time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The file."""
        return f"file:{self._path}"

    def send(self, events: Sequence[Outgoing]) -> None:
        """Append the events; a last line that a kill has torn is taken away first, as its event comes again."""
        content = b"".join(event.line + b"\n" for event in events)
        try:
            new = not self._path.exists()
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, _MODE)
            try:
                self._mend(descriptor)
                _append(descriptor, content)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if new:
                _sync_directory(self._path.parent)
        except OSError as error:
            raise self._not_taken(error) from None

    def close(self) -> None:
        """Nothing is open."""

    def _mend(self, descriptor: int) -> None:
        size = os.fstat(descriptor).st_size
        start, tail = size, b""
        while start and b"\n" not in tail and len(tail) < _LONGEST_LINE:
            step = min(_CHUNK, start)
            start -= step
            os.lseek(descriptor, start, os.SEEK_SET)
            tail = os.read(descriptor, step) + tail
        torn = tail.rpartition(b"\n")[2]
        if not torn:
            return
        if not torn.startswith(_BEGINNING) and not _BEGINNING.startswith(torn):
            fix = "give a file of its own, or end its last line"
            got = "a last line that does not end, and that no export has written"
            raise Refused(Problem(str(self._path), got, "lines of an export", fix))
        os.ftruncate(descriptor, size - len(torn))

    def _not_taken(self, error: OSError) -> NotTaken:
        got = f"cannot be written: {error.strerror or type(error).__name__}"
        fix = "make room, or give a file in a folder that the user who runs it may write to"
        problem = Problem(str(self._path), got, "a file that can be written", fix)
        return Busy(problem) if error.errno in _PASSING else Refused(problem)


def _append(descriptor: int, content: bytes) -> None:
    """Write all of it, or leave the file as it was when the disk is full."""
    before = os.fstat(descriptor).st_size
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, before)
        raise


def _sync_directory(path: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
