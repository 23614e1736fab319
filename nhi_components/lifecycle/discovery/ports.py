"""What discovery asks of a system; each system's folder answers it with a class `Discovery`.

A discovery only reads. What it reads is divided into sections that do not depend on one another, and each section into
pages. A section is known by its name alone, and a page by the section and a cursor, so that a scan can go on after a
kill where it stood. No credential value is in a page, a cursor or an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from nhi_components.core.errors import NhiError
from nhi_components.core.inventory.records import Record
from nhi_components.core.links import System


class NotSeen(NhiError):
    """The system does not let the connection read a section; told as unseen, and the scan is not complete."""


class Busy(NhiError):
    """The system asks to be asked again later.

    Attributes:
        after: seconds to wait; None where it does not say.
    """

    def __init__(self, text: str, after: float | None = None) -> None:
        self.after = after
        super().__init__(text)


class CursorLapsed(NhiError):
    """The system does not know the cursor any more: the section is read again from its beginning."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a section.

    Attributes:
        records: what stands on it.
        next: the cursor of the page after it; None for the last.
        opens: names of sections that are to be read because of what stands on it.
    """

    records: Sequence[Record]
    next: str | None = None
    opens: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of what a discovery reads.

    Attributes:
        name: stable from scan to scan, such as `iam/roles`.
        what: what is unseen without it, for people.
        permissions: which the connection needs for it, as the system names them.
        read: gives the page at a cursor; None is the first. Raises `NotSeen`, `Busy`, `CursorLapsed` or
            `SystemUnreachable`. May be called by several threads.
    """

    name: str
    what: str
    permissions: tuple[str, ...]
    read: Callable[[str | None], Page]


class Source(Protocol):
    """What a scan reads: a system through a connection, or what tells of systems, such as states of stacks."""

    @property
    def system(self) -> str:
        """The kind of system, or of what tells of systems."""

    @property
    def connection(self) -> str:
        """The name of the connection, or of where it is told."""

    def place(self) -> str:
        """Tell which account, project, tenant, cluster or server it is, and prove that it can be reached.

        Raises:
            SystemUnreachable: it can't.
        """

    def beginnings(self) -> Sequence[str]:
        """Name the sections that every scan reads."""

    def section(self, name: str) -> Section:
        """Give a section by its name, one of `beginnings` or of what a page opens."""


class Discovery(Source, Protocol):
    """One system through one connection, as discovery reads it."""

    @property
    def system(self) -> System:
        """The kind of system."""
