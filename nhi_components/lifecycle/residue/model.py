"""What a system leaves behind after a delete, as data: what remains, for how long, who says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from nhi_components.core.links import System


@dataclass(frozen=True, slots=True)
class Figure:
    """How long something remains.

    Attributes:
        shortest: at least.
        longest: at most.
    """

    shortest: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Residue:
    """One thing that a delete leaves behind.

    Attributes:
        id: stable id.
        system: where.
        what: what is deleted or changed.
        remains: what remains of it.
        figure: for how long; None when no figure is documented.
        source: where that is documented, or how it was measured.
        handling: what the teardown does about it.
    """

    id: str
    system: System
    what: str
    remains: str
    figure: Figure | None
    source: str
    handling: str

    @property
    def documented(self) -> timedelta | None:
        """The longest documented time; None when no figure is documented."""
        return self.figure.longest if self.figure else None


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long a teardown waits at most, by default, for one kind of linked resource to be confirmed gone.

    Attributes:
        residue: id of the residue that it waits for.
        longest: the deadline.
        why: why that long.
    """

    residue: str
    longest: timedelta
    why: str
