"""The journal of a credential: what has been delivered and what is being retired, as notes at its home.

It is the only record of progress, and it is where the credential is: any machine goes on from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.errors import NhiError

_AT = "at-"
_EXPECTED = "expected"
_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Retiring:
    """A key that is on its way out.

    Attributes:
        since: when the one after it was everywhere.
        until: when it is deleted at the latest.
    """

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Journal:
    """What is known of a credential, beside what its source and places tell.

    Attributes:
        key: the key that every place was given last; empty before the first.
        version: how many keys every place was given, this one included.
        issued_at: when that key was made.
        generation: the specification's generation that it was made for.
        retiring: the keys before it that still live, by id.
        places: by the mark of a place, the mark of the version that was delivered there; `expected` while a first
            delivery there is under way.
        refreshed: the version that the dependents were told of last.
        suspended: whether the keys were disabled because the identity is suspended.
    """

    key: str = ""
    version: int = 0
    issued_at: datetime | None = None
    generation: int = 0
    retiring: Mapping[str, Retiring] = field(default_factory=lambda: MappingProxyType({}))
    places: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    refreshed: int = 0
    suspended: bool = False

    @classmethod
    def of(cls, notes: Mapping[str, str], home: str) -> Journal:
        """Read it from the notes of a home.

        Raises:
            NhiError: they are not such notes; people have changed them.
        """
        try:
            return cls(
                key=notes.get("key", ""),
                version=int(notes.get("version", "0")),
                issued_at=_moment(notes.get("issued-at", "")),
                generation=int(notes.get("generation", "0")),
                retiring=dict(map(_retiring, notes.get("retiring", "").split())),
                places={name.removeprefix(_AT): mark for name, mark in notes.items() if name.startswith(_AT)},
                refreshed=int(notes.get("refreshed", "0")),
                suspended="suspended" in notes,
            )
        except ValueError:
            fix = "restore the notes as they were, or remove them all: the next run then issues a new key"
            raise NhiError(f"{home}: found notes that this release can't read, expected its own; fix: {fix}") from None

    def notes(self) -> dict[str, str]:
        """Write it as notes."""
        told = {
            "key": self.key,
            "version": str(self.version),
            "issued-at": self.issued_at.isoformat() if self.issued_at else "",
            "generation": str(self.generation),
            "retiring": " ".join(_told(key, each) for key, each in sorted(self.retiring.items())),
            "refreshed": str(self.refreshed),
            "suspended": "yes" if self.suspended else "",
        }
        return {name: value for name, value in told.items() if value} | {
            f"{_AT}{name}": mark for name, mark in sorted(self.places.items())
        }

    def is_at(self, place: PlaceSpec, version: str) -> bool:
        """Tell whether a place holds just what was delivered there last."""
        return self.places.get(mark_of_place(place)) == mark_of_version(version)

    def expects(self, place: PlaceSpec) -> bool:
        """Tell whether what stands at a place is ours, delivered or about to be."""
        return mark_of_place(place) in self.places


def expected(places: Mapping[str, str], new: Iterable[PlaceSpec]) -> dict[str, str]:
    """Note that first deliveries are about to be made."""
    return {**places, **{mark_of_place(place): _EXPECTED for place in new}}


def mark_of_place(place: PlaceSpec) -> str:
    """Name a place shortly, in letters and digits that every system takes; no part of it is secret."""
    text = "\0".join(
        (place.system, place.connection, place.kind, place.link().attributes.get("mount", ""), place.address)
    )
    return _short(text)[:16]


def mark_of_version(version: str) -> str:
    """Name a version in letters and digits that every system takes; versions are numbers, ids and times."""
    return _short(version)


def _short(text: str) -> str:
    # Letters only: names of notes have no digits on some systems.
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
    return digest.translate(str.maketrans("0123456789", "ghijklmnop"))


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _retiring(text: str) -> tuple[str, Retiring]:
    key, since, until = text.rsplit("@", 2)
    return key, Retiring(datetime.fromisoformat(since), datetime.fromisoformat(until))


def _told(key: str, retiring: Retiring) -> str:
    return f"{key}@{retiring.since.isoformat()}@{retiring.until.isoformat()}"
