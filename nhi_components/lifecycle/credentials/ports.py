"""What issuing, delivering and rotating credentials asks of a system: sources, places, and homes among them.

No method logs; none puts a value into an exception, a `repr` or an answer other than a `Material`. Every method may
raise `SystemUnreachable`, naming the connection, what was found and how to mend it. All can be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.sources import SourceSpec
from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, NotChecked
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.ports import Caller


@dataclass(frozen=True, slots=True)
class Key:
    """A key that exists at its source; never its value.

    Attributes:
        id: the source's own id of it: an access key id, an accessor, a serial number.
        enabled: whether it works as far as the source tells.
        created_at: by the source's clock; None where it tells none.
        ends: when it ends by itself; None where it does not, or the source does not tell.
    """

    id: str
    enabled: bool = True
    created_at: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """A key with its value; in memory only, from its source or home into its places.

    Attributes:
        key_id: the source's own id of it.
        fields: what whoever uses it needs, by name, such as `access_key_id` and `secret_access_key`.
    """

    key_id: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """What stands at a place now; never the value.

    Attributes:
        lease: the lease that it bears; None where it bears none, or the system keeps no marks.
        version: the system's own mark of what is held, another one after every write; empty when nothing is held.
        key_id: the key that is held; None where the place cannot tell.
        older: how many older versions still hold values.
    """

    lease: str | None
    version: str
    key_id: str | None
    older: int = 0


class Overtaken(NhiError):
    """Somebody else wrote to a place between our look and our write; nothing of ours was written."""


class LimitReached(NhiError):
    """As many keys live at the source as may; nothing was created."""


class Source(Protocol):
    """The keys of one principal at one source."""

    @property
    def spec(self) -> SourceSpec:
        """What it was opened by; resolved."""

    @property
    def most(self) -> int | None:
        """How many keys may exist at a time; None where there is no limit that matters."""

    @property
    def can_disable(self) -> bool:
        """Whether a key can be disabled and enabled again; else it can only be deleted."""

    def keys(self, lease: LeaseTags) -> list[Key]:
        """List every key of the principal that has not ended by itself, also those made by hand, oldest first.

        Empty when the principal does not exist.

        Raises:
            NhiError: the principal is somebody else's: it bears another lease, or none.
        """

    def create(self, lease: LeaseTags) -> Material:
        """Make a key; it ends with the lease at the latest, where the source knows ends.

        Raises:
            LimitReached: as many live as may.
        """

    def disable(self, key_id: str) -> None:
        """Make a key useless, so that it can be enabled again; a key that is not there is fine."""

    def enable(self, key_id: str) -> None:
        """Make a disabled key work again."""

    def delete(self, key_id: str) -> None:
        """Delete a key; one that is not there is fine. Returns once the source no longer lists it."""

    def works(self, material: Material) -> bool:
        """Use a key once, as its holder would, with the least that it can do; False when it is refused.

        Asks once; whoever waits for a new key to work, or a deleted one to stop, asks again.
        """

    def last_used(self, key_id: str) -> datetime | NotChecked | None:
        """Tell when a key was last used; None when never; why that is not known where the source does not tell."""


class Place(Protocol):
    """Where one credential is delivered."""

    @property
    def spec(self) -> PlaceSpec:
        """What it was opened by; resolved."""

    def find(self) -> Held | None:
        """Tell what stands there; None when there is nothing at all, not even a mark or a deleted version."""

    def write(self, lease: LeaseTags, material: Material, over: str | None = None) -> Held:
        """Deliver, making the place and marking it with the lease if need be, and confirm that it is there.

        Writing the key again that is held, with the same fields, is allowed to do nothing.

        Args:
            lease: whose it is.
            material: what to deliver.
            over: the version that must be held now, empty for none; None: whatever is held.

        Raises:
            Overtaken: another version than `over` is held; only where the system can compare.
            NhiError: the place is somebody else's, or what was read back is not what was written.
        """

    def prune(self) -> None:
        """Destroy, without recovery, every version that holds a value but the newest; nothing where none are kept."""

    def remove(self, lease_id: str) -> None:
        """Remove the place with all its versions, as finally as the system lets; what is not there is fine.

        Raises:
            NhiError: it is somebody else's.
        """


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of one run on a credential: while it holds, no other run changes anything.

    Attributes:
        run: the run's own id.
        who: whom people can ask: user and host.
        until: when it lapses unless it is renewed.
    """

    run: str
    who: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What a home keeps, all of it from one look.

    Attributes:
        held: what stands there; None when there is nothing at all.
        material: what is held, as `Home.read` tells it, and of the version that `held` names.
        notes: the notes.
    """

    held: Held | None
    material: Material | None
    notes: Mapping[str, str]

    @property
    def version(self) -> str:
        """The version that is held; empty when nothing is."""
        return self.held.version if self.held else ""


class Home(Place, Protocol):
    """A place that can be read back and keeps notes: from it any machine goes on where another stopped."""

    def kept(self) -> Kept:
        """Tell what `find`, `read` and `notes` tell, from one look and in as few requests as can be."""

    def read(self) -> Material | None:
        """Read what is held, to deliver it elsewhere; None when nothing is held, or what people wrote names no key."""

    def notes(self) -> Mapping[str, str]:
        """Read the notes: at most 30, keys of a-z and `-`, values of at most 250 characters of the alphabet of tags."""

    def note(self, lease: LeaseTags, notes: Mapping[str, str]) -> None:
        """Replace all notes, making and marking the place, without a value, if need be."""

    def claim(self, lease: LeaseTags, wanted: Claim, now: datetime) -> Claim:
        """Claim the credential, renew a claim of the same run, or take over one that has lapsed at `now`.

        Returns:
            The claim that holds now: `wanted`, or another run's.
        """

    def release(self, run: str) -> None:
        """Give up the claim of that run; another's is left alone."""

    def time(self) -> datetime:
        """Tell the system's own time, so that a machine whose clock is wrong is found out."""


class CredentialSystem(Protocol):
    """One connected system, through one connection, as far as credentials go."""

    def caller(self) -> Caller:
        """Tell whom the connection speaks for; the cheapest call that proves reach and credentials."""

    def source(self, spec: SourceSpec) -> Source:
        """Open a source of this system; resolved. Reaches nothing yet."""

    def place(self, spec: PlaceSpec) -> Place:
        """Open a place of this system; resolved. Reaches nothing yet. A `Home` where the spec can be one."""

    def search(self, lease_id: str) -> list[Link]:
        """Find, from the lease id alone, every place and key of this system that bears it.

        Raises:
            NotSearchable: the system cannot be searched.
        """


@runtime_checkable
class Retained(Protocol):
    """A place that its system may keep for a while after it was removed, whatever anybody does."""

    def retained_until(self) -> datetime | None:
        """Until when what was removed is kept and nobody may purge it; None when nothing is kept so."""


class NotSearchable(NhiError):
    """A system keeps no marks, or cannot be asked for them: only what is known by name can be looked for there."""


class NoSuchKind(NhiError):
    """A system has no source or place of that kind."""


def fields_of(material: Material, names: Mapping[str, str], place: str) -> dict[str, str]:
    """Choose the fields that a place keeps, under its names.

    Raises:
        NhiError: a field that is asked for is not one of the credential.
    """
    if missing := sorted(set(names) - set(material.fields)):
        has = ", ".join(sorted(material.fields))
        raise NhiError(
            f"{place}: variables name {', '.join(missing)}, expected fields of the credential: {has}; "
            "fix: correct `variables` of the place"
        )
    return {name: material.fields[field_name] for field_name, name in names.items()}


def newest_first(keys: Sequence[Key]) -> list[Key]:
    """Order keys that were listed oldest first the other way round."""
    return list(reversed(keys))
