"""Running a declared command: without a shell, with limits, and with nothing of what it writes in an error."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import PurePath
from threading import Thread
from typing import IO

from nhi_components.core.errors import Problem, SystemUnreachable
from nhi_components.core.links import System

MOST_BYTES = 1_048_576
"""How much a command may write as its answer: our own figure, far above what any of them needs."""

_CHUNK = 65_536
_GRACE_SECONDS = 1.0
"""How long a command that is stopped may put things away before it is killed."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command that has ended.

    Attributes:
        status: its exit status; negative: the signal that ended it.
        output: what it wrote to standard output; it may hold values.
        complaint_bytes: how much it wrote to standard error, of which nothing is kept.
    """

    status: int
    output: bytes = field(repr=False)
    complaint_bytes: int


@dataclass(frozen=True, slots=True)
class Program:
    """One declared command.

    It runs in the current directory, and inherits the environment: that is how it finds what it needs to reach its
    own system. `facts` are added to it; never a value.

    Attributes:
        place: the path that problems name, such as `hook.default`.
        command: program and arguments.
        timeout_seconds: how long it may take.
    """

    place: str
    command: Sequence[str]
    timeout_seconds: float

    @property
    def name(self) -> str:
        """The program without folders and arguments."""
        return PurePath(self.command[0]).name

    def ask(self, request: bytes) -> Ran:
        """Give it a request on standard input, and read its answer from standard output.

        Raises:
            SystemUnreachable: it can't be started, takes too long, or writes too much.
        """
        end = time.monotonic() + self.timeout_seconds
        with self._started({}, subprocess.PIPE) as process:
            answer, complaint = _Reader(process.stdout, MOST_BYTES), _Reader(process.stderr, 0)
            _Writer(process.stdin, request).start()
            answer.start()
            complaint.start()
            status = self._ended(process, end)
            for reader in (answer, complaint):
                reader.join(max(end - time.monotonic(), _GRACE_SECONDS))
            if answer.is_alive():
                fix = "let nothing that it leaves running keep its standard output open"
                raise self._unreachable("it ended, but its output did not", "both to end", fix)
        if answer.length > MOST_BYTES:
            fix = "have it answer with what was asked for only"
            raise self._unreachable(f"{answer.length:,} bytes", f"at most {MOST_BYTES:,}", fix)
        return Ran(status, answer.content, complaint.length)

    def run(self, facts: Mapping[str, str]) -> int:
        """Run it with facts in its environment; what it writes is dropped. Returns its exit status.

        Raises:
            SystemUnreachable: it can't be started, or takes too long.
        """
        end = time.monotonic() + self.timeout_seconds
        with self._started(facts, subprocess.DEVNULL) as process:
            return self._ended(process, end)

    @contextmanager
    def _started(self, facts: Mapping[str, str], streams: int) -> Iterator[subprocess.Popen[bytes]]:
        try:
            process = subprocess.Popen(
                list(self.command),
                stdin=streams,
                stdout=streams,
                stderr=streams,
                env={**os.environ, **facts},
                bufsize=0,  # so that no stream is locked while a thread waits on it
                start_new_session=True,  # so that what it has started can be ended with it
            )
        except (OSError, ValueError) as error:
            fix = "name a program that exists here and may be run, or have it installed where this runs"
            raise self._unreachable(f"it can't be started ({type(error).__name__})", "a program", fix) from None
        try:
            yield process
        except BaseException:
            _end(process)
            raise

    def _ended(self, process: subprocess.Popen[bytes], end: float) -> int:
        try:
            return process.wait(max(end - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            fix = "see what it waits for, or give it more time where a timeout can be declared"
            expected = f"one within {self.timeout_seconds:g} s"
            raise self._unreachable("no answer", expected, fix) from None

    def _unreachable(self, got: str, expected: str, fix: str) -> SystemUnreachable:
        return SystemUnreachable(System.HOOK, Problem(self.place, f"command {self.name}: {got}", expected, fix))


class _Reader(Thread):
    """Reads a stream to its end, and keeps its beginning, so that a command is never kept waiting."""

    def __init__(self, stream: IO[bytes] | None, most: int) -> None:
        super().__init__(daemon=True)
        self._stream, self._most = stream, most
        self._parts: list[bytes] = []
        self.length = 0

    @property
    def content(self) -> bytes:
        """What was kept."""
        return b"".join(self._parts)

    def run(self) -> None:
        """Read."""
        if self._stream is None:
            return
        with self._stream:
            while chunk := self._stream.read(_CHUNK):
                self.length += len(chunk)
                if self.length <= self._most:
                    self._parts.append(chunk)


class _Writer(Thread):
    """Writes the request, which a command may leave unread."""

    def __init__(self, stream: IO[bytes] | None, content: bytes) -> None:
        super().__init__(daemon=True)
        self._stream, self._content = stream, memoryview(content)

    def run(self) -> None:
        """Write."""
        if self._stream is None:
            return
        with suppress(BrokenPipeError), self._stream:
            rest = self._content
            while rest:
                rest = rest[self._stream.write(rest) :]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command with what it has started."""
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)
    _signal(process, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
