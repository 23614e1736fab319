"""Errors that name the place, what was found, what was expected and how to fix it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes:
        path: where it stands, dotted and indexed: `grants[0].actions[1]`.
        got: what was found there, shortened; never a credential.
        expected: what would be accepted there.
        fix: what to do about it.
    """

    path: str
    got: str
    expected: str
    fix: str

    def __str__(self) -> str:
        """Render on four short lines."""
        return f"{self.path}\n    got:      {self.got}\n    expected: {self.expected}\n    fix:      {self.fix}"


class NhiError(Exception):
    """Base of every error that this library raises on purpose; its text is meant for people."""


class SpecError(NhiError):
    """A specification has one or more problems; all of them are reported at once.

    Attributes:
        subject: what was being read, such as `identity 'orders'`.
        problems: every problem found, in the order of the input.
    """

    def __init__(self, subject: str, problems: Iterable[Problem]) -> None:
        self.subject = subject
        self.problems = tuple(problems)
        count = len(self.problems)
        heading = f"{subject}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n  ".join([heading, *(str(p) for p in self.problems)]))


class SystemUnreachable(NhiError):
    """A connected system did not answer, is sealed, or refused the credentials that were found for it."""

    def __init__(self, system: str, problem: Problem) -> None:
        self.system = system
        self.problem = problem
        super().__init__(f"{system} cannot be used: {problem}")


class StillAlive(NhiError):
    """Something that belongs to a lease is still alive at the deadline; the destroy fails and keeps the lease."""


class EvidenceError(NhiError):
    """Evidence is missing, altered, unsigned, incomplete or cannot be written."""
