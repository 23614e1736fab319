"""What refreshing asks of whatever tells events: logs of clouds, files that audit devices write, web hooks.

Events come at least once, may come late, and in any order. What a system's record means is told by its folder's
`events.py`, as plain functions without an SDK.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from nhi_components.core.errors import NhiError
from nhi_components.core.links import System

EVERYTHING: Final = ("*",)
"""The sections of an event that nobody here knows: all of its system's."""
NOT_UNDERSTOOD: Final = "a record that is not understood"
"""What has happened where nobody here knows."""
SETTLED: Final = timedelta(seconds=10)
"""How long after an event its system may still show what was before: others measured 3 to 4 s on AWS
(lifecycle/residue), the rest is our own margin."""


class Unreadable(NhiError):
    """A record is not of the shape that its system documents; its text quotes no value of it."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to identities, or to what belongs to them.

    Attributes:
        system: where.
        place: in which account, cluster or server, as its discovery calls it; empty where the record does not tell.
        id: told again, it is the same.
        at: when.
        what: such as `iam:CreateRole`.
        sections: patterns of the discovery's sections that are stale by it; `*` stands for any characters.
        otherwise: sections that list sections, for when a scan knows none of `sections`.
        unless_known: key of an identity; when the inventory has it, nothing is stale.
        about: keys of identities that it names.
        settles: how long after it its system may still show what was before.
    """

    system: System
    place: str
    id: str
    at: datetime
    what: str
    sections: tuple[str, ...] = EVERYTHING
    otherwise: tuple[str, ...] = ()
    unless_known: str | None = None
    about: tuple[str, ...] = ()
    settles: timedelta = SETTLED


@dataclass(frozen=True, slots=True)
class Used:
    """Somebody acted as an identity, or with a credential of it.

    Attributes:
        system: where.
        identity: its key.
        at: when.
        unique_id: the system's own id of it; empty where the record does not tell.
        credential: the public id of the credential; empty where the record does not tell.
    """

    system: System
    identity: str
    at: datetime
    unique_id: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What one record, or several, say.

    Attributes:
        events: what makes something stale.
        uses: who was used.
    """

    events: tuple[Event, ...] = ()
    uses: tuple[Used, ...] = ()


NOTHING: Final = Told()
"""What a record says that is of no interest."""

Reading = Callable[[Mapping[str, Any], str], Told]
"""Tells what a record says; takes it, and the place that it is from where the record itself does not tell.

Raises `Unreadable`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of what a source tells.

    Attributes:
        told: events and uses.
        cursor: where to go on once the batch is kept; None where that stays as it was.
    """

    told: Told
    cursor: str | None = None


class EventSource(Protocol):
    """Something that tells events, whenever it is asked."""

    @property
    def name(self) -> str:
        """By which its cursor is kept: stable from run to run."""

    def read(self, cursor: str | None, since: datetime) -> Iterable[Batch]:
        """Yield what happened, again also some that was told before.

        Args:
            cursor: of the last batch that was kept; None at first.
            since: earlier events are of no interest.

        Raises:
            NotSeen: the connection may not read them.
            Busy: the system wants to be asked later.
            SystemUnreachable: it does not answer.
        """


def together(told: Iterable[Told]) -> Told:
    """Put together what several records say."""
    whole = list(told)
    return Told(tuple(e for each in whole for e in each.events), tuple(u for each in whole for u in each.uses))


def digest_of(record: Any) -> str:
    """Give the id of a record that has none which is understood, without a value of it."""
    return hashlib.blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=16).hexdigest()


def text_in(record: Mapping[str, Any], *path: str) -> str:
    """Give the text at a path through a record; empty where there is none."""
    value: Any = record
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def time_in(record: Mapping[str, Any], *path: str) -> datetime:
    """Give the time at a path through a record, in RFC 3339.

    Raises:
        Unreadable: there is none.
    """
    try:
        at = datetime.fromisoformat(text_in(record, *path))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Unreadable(f"{'.'.join(path)}: no time with an offset, expected one as RFC 3339 writes it")
    return at


def required(record: Mapping[str, Any], *path: str) -> str:
    """Give the text at a path through a record.

    Raises:
        Unreadable: there is none.
    """
    found = text_in(record, *path)
    if not found:
        raise Unreadable(f"{'.'.join(path)}: no text, expected one")
    return found


def listed(value: Any) -> Sequence[Any]:
    """Give a list as it is, and nothing for anything else."""
    return value if isinstance(value, list) else ()
