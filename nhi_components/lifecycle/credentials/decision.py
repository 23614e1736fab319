"""What has to be done about a credential, decided from what is there; a pure function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.credentials.dependents import Standing
from nhi_components.lifecycle.credentials.journal import Journal
from nhi_components.lifecycle.credentials.ports import Key

USE_IS_KNOWN_AFTER = timedelta(hours=4)
"""How late data of use are at most: AWS, IAM user guide, 'Refine permissions using last accessed information'."""

SILENCE = timedelta(hours=4)
"""Our own figure: for how long, beyond that, the key before must not have been used to be called unused."""


class Cause(StrEnum):
    """Why a key is made."""

    FIRST = "first"
    DUE = "due"
    GENERATION = "generation"
    FORCED = "forced"
    EXPOSED = "exposed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a credential, at its source and at home.

    Attributes:
        journal: the home's notes.
        keys: every key of the principal that lives, oldest first.
        most: how many may live; None: any number.
        delivering: the id of the key that the home holds; empty when it holds none.
        works: whether that one was used with success; None when it was not tried.
        used: for each key that is retiring, when it was used last, as `Source.last_used` tells.
    """

    journal: Journal
    keys: Sequence[Key]
    most: int | None
    delivering: str
    works: bool | None = None
    used: Mapping[str, datetime | NotChecked | None] | None = None

    @property
    def living(self) -> set[str]:
        """The ids of the keys that live."""
        return {key.id for key in self.keys}

    @property
    def current(self) -> str:
        """The key that is, or is being, delivered; empty when there is none that could be.

        What the home holds counts only if it lives, and was not sent on its way out before.
        """
        held = self.delivering
        return held if held in self.living and held not in self.journal.retiring and self.works is not False else ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What has to be done.

    Attributes:
        cause: why a new key is made; None when none is.
        current: the key that is delivered where no new one is made.
        strays: keys that nobody delivers or retires: revoked before anything else.
        retire: the keys whose overlap has ended, by what ended it.
        waits: why a key that is due is not made yet; empty when nothing waits.
    """

    cause: Cause | None
    current: str
    strays: tuple[str, ...]
    retire: Mapping[str, str]
    waits: str = ""


def decide(spec: CredentialSpec, found: Found, now: datetime, asked: Cause | None, exposed: frozenset[str]) -> Decision:
    """Decide what has to be done about a credential that is allowed to work.

    Args:
        spec: what is wanted.
        found: what is there.
        now: the time.
        asked: why somebody asks for a new key, whatever its age; None: nobody does.
        exposed: ids of keys that are known to be leaked.
    """
    current = found.current if found.current not in exposed else ""
    cause = _cause(spec, found, current, now, asked, exposed)
    retire = _ended(found, now, exposed)
    known = {current, found.journal.key, *found.journal.retiring, *exposed}
    strays = tuple(key.id for key in found.keys if key.id not in known)
    left = len(found.living - set(strays) - retire.keys())
    if cause and found.most is not None and left >= found.most:
        pushed = _oldest(found, retire)
        if cause in (Cause.DUE, Cause.GENERATION) and pushed in found.journal.retiring:
            return Decision(None, current, strays, retire, _waits(found, pushed))
        retire = {**retire, pushed: f"room is needed for a key that is {cause}"}
    return Decision(cause, current, strays, retire)


def due_at(spec: CredentialSpec, issued_at: datetime | None) -> datetime | None:
    """Tell from when on a key is replaced."""
    return issued_at + spec.rotation.age_of(spec.source.kind) if issued_at else None


def refusal(spec: CredentialSpec, decision: Decision, dependents: Sequence[Standing]) -> str:
    """Tell why a rotation would break a dependent; empty when it would not.

    Without an overlap the key before is deleted as soon as the new one is everywhere. What lives, and can't be told of
    the new one, would go on with the old.
    """
    planned = decision.cause in (Cause.DUE, Cause.GENERATION, Cause.FORCED)
    if not planned or spec.rotation.overlap_of(spec.source.kind):
        return ""
    deaf = [each.name for each in dependents if each.alive is not False and not each.can_refresh]
    if not deaf:
        return ""
    return f"without an overlap {', '.join(deaf)} would go on with a deleted key: it lives, and nothing refreshes it"


def _cause(
    spec: CredentialSpec,
    found: Found,
    current: str,
    now: datetime,
    asked: Cause | None,
    exposed: frozenset[str],
) -> Cause | None:
    journal = found.journal
    if not current:
        if found.delivering in exposed or journal.key in exposed:
            return Cause.EXPOSED
        return Cause.LOST if journal.version else Cause.FIRST
    if current != journal.key:
        return None  # a rotation is under way: it is finished first
    if asked and asked is not Cause.EXPOSED:
        return asked
    if journal.generation != spec.generation:
        return Cause.GENERATION
    due = due_at(spec, journal.issued_at)
    return Cause.DUE if due and now >= due else None


def _ended(found: Found, now: datetime, exposed: frozenset[str]) -> dict[str, str]:
    ended: dict[str, str] = {}
    for key, retiring in found.journal.retiring.items():
        used = (found.used or {}).get(key, NotChecked("it was not asked"))
        quiet = used is None or (isinstance(used, datetime) and used <= retiring.since)
        if key not in found.living:
            ended[key] = "it is gone already"
        elif key in exposed:
            ended[key] = "it is exposed"
        elif now >= retiring.until:
            ended[key] = "its overlap has ended"
        elif quiet and now >= retiring.since + USE_IS_KNOWN_AFTER + SILENCE:
            ended[key] = "it is unused"
    ended |= dict.fromkeys(exposed & found.living, "it is exposed")
    return ended


def _oldest(found: Found, leaving: Mapping[str, str]) -> str:
    """Choose which key makes room: one that is retiring, else the oldest that is not being delivered."""
    left = [key.id for key in found.keys if key.id not in leaving]
    return next((key for key in left if key in found.journal.retiring), left[0])


def _waits(found: Found, key: str) -> str:
    until = found.journal.retiring[key].until
    used = (found.used or {}).get(key)
    seen = f", last used {used.isoformat(timespec='seconds')}" if isinstance(used, datetime) else ""
    return (
        f"{key}, the one before, works until {until.isoformat(timespec='seconds')}{seen}, and no more than "
        f"{found.most} may live; to end it now, force the rotation"
    )
