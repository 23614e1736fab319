"""Ending a credential: for a while, while its identity is suspended, or for good."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.credentials.claiming import claimed
from nhi_components.lifecycle.credentials.journal import Journal
from nhi_components.lifecycle.credentials.moving import move_home
from nhi_components.lifecycle.credentials.outcome import NotWithdrawn, Outcome, Revoked
from nhi_components.lifecycle.credentials.ports import Material, Place, Retained, Source
from nhi_components.lifecycle.credentials.revoking import Revoker, until
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted, side_by_side

GONE_WITHIN = 60.0
"""Seconds that a source may go on listing what was deleted; no vendor gives a figure."""


_Got = TypeVar("_Got")


@dataclass(frozen=True, slots=True)
class Removed:
    """A place that was emptied.

    Attributes:
        place: where.
        absent_at: when nothing stood there any more.
    """

    place: PlaceSpec
    absent_at: datetime


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What ending a credential for good did.

    Attributes:
        revoked: its keys.
        removed: its places.
    """

    revoked: tuple[Revoked, ...]
    removed: tuple[Removed, ...]


def suspend(wanted: Wanted, tools: Tools) -> list[str]:
    """Make every key useless; the places stay as they are, and the current key can work again where a source can that.

    Returns:
        The ids of the keys that were disabled, or deleted, by this run.
    """
    source, home = wanted.source(tools), wanted.home(tools)
    revoker = Revoker(source, tools)
    ended = [key.id for key in source.keys(wanted.lease) if key.enabled]
    for key in ended:
        revoker.disable(key)
    with claimed(home, wanted.lease, tools.clock, tools.sleep) as claim:
        move_home(wanted, tools, claim)
        journal = Journal.of(home.notes(), home.spec.address)
        if not journal.suspended:
            home.note(wanted.lease, replace(journal, suspended=True).notes())
    return ended


def revoke_exposed(wanted: Wanted, tools: Tools, exposed: frozenset[str]) -> Outcome:
    """Revoke leaked keys of an identity that is suspended; no other is made before it is restored.

    Args:
        wanted: the credential.
        tools: reach the systems.
        exposed: ids of keys that are known to be leaked.
    """
    started, source, home = tools.clock(), wanted.source(tools), wanted.home(tools)
    revoker = Revoker(source, tools)
    disabled = {key: revoker.disable(key) for key in sorted(exposed)}
    with claimed(home, wanted.lease, tools.clock, tools.sleep):
        journal, content = Journal.of(home.notes(), home.spec.address), home.read()
        revoked = [_revoked(revoker, key, content, at, "it is exposed") for key, at in disabled.items()]
        retiring = {key: each for key, each in journal.retiring.items() if key not in exposed}
        if retiring != journal.retiring:
            home.note(wanted.lease, replace(journal, retiring=retiring).notes())
    return Outcome(
        started=started,
        ended=tools.clock(),
        cause=None,
        key="" if journal.key in exposed else journal.key,
        version=journal.version,
        issued_at=journal.issued_at,
        due_at=None,
        retiring=tuple((key, each.until) for key, each in sorted(retiring.items())),
        revoked=tuple(revoked),
    )


def withdraw(wanted: Wanted, tools: Tools) -> Withdrawn:
    """Revoke every key, empty every place, and confirm both; the home goes last, because from it a run goes on.

    Whatever fails, the rest is done: a place that is down keeps no key alive.

    Raises:
        NotWithdrawn: with everything that is not confirmed gone.
    """
    source, home, problems = wanted.source(tools), wanted.home(tools), list[str]()
    content = _try(home.read, problems)
    with ExitStack() as claim:
        _claim(wanted, tools, claim, problems)
        keys = _try(lambda: source.keys(wanted.lease), problems) or []
        revoker = Revoker(source, tools)
        disabled = {key.id: _try(partial(revoker.disable, key.id), problems) for key in keys}
        journal = _try(lambda: Journal.of(home.notes(), home.spec.address), problems)
        copies = [place for place in wanted.copies(tools) if not _is_not_ours(place, journal)]
        removed = _emptied(copies, wanted.lease.lease, tools, problems)
        revoked = [
            done
            for key in keys
            if (done := _try(partial(_revoked, revoker, key.id, content, disabled[key.id]), problems))
        ]
        left = _left(source, wanted, tools, problems)
        problems += [f"{wanted.spec.source.kind}: its source still lists {key}" for key in left]
    if not problems:
        # Only now: with it goes the journal.
        removed += _emptied([home], wanted.lease.lease, tools, problems)
    if problems:
        raise NotWithdrawn(wanted.subject, list(dict.fromkeys(problems)))
    return Withdrawn(tuple(revoked), tuple(removed))


def _revoked(
    revoker: Revoker, key: str, content: Material | None, disabled_at: datetime | None, why: str = "its identity ends"
) -> Revoked:
    material = content if content and content.key_id == key else None
    return revoker.revoke(key, why, material, disabled_at if revoker.source.can_disable else None)


def _emptied(places: Iterable[Place], lease_id: str, tools: Tools, problems: list[str]) -> list[Removed]:
    def empty(place: Place) -> Removed | str:
        try:
            place.remove(lease_id)
            if not until(lambda: not _holds(place), GONE_WITHIN, tools.sleep):
                return f"{place.spec.kind} {place.spec.address}: still there {GONE_WITHIN:.0f} s after its removal"
        except NhiError as failure:
            return f"{place.spec.kind} {place.spec.address}: {failure}"
        return Removed(place.spec, tools.clock())

    done = side_by_side(empty, list(places))
    problems += [each for each in done if isinstance(each, str)]
    return [each for each in done if isinstance(each, Removed)]


def _is_not_ours(place: Place, journal: Journal | None) -> bool:
    """Tell whether what stands at a place without marks is somebody else's, because nothing was delivered there."""
    try:
        found = place.find()
    except NhiError:
        return False  # its removal tells of that
    unmarked = found is not None and bool(found.version) and found.lease is None
    return unmarked and (journal is None or not journal.expects(place.spec))


def _holds(place: Place) -> bool:
    """Tell whether anything is left that can still be removed."""
    found = place.find()
    if found is None or not (found.version or found.older):
        return False
    return bool(found.version) or not (isinstance(place, Retained) and place.retained_until())


def _left(source: Source, wanted: Wanted, tools: Tools, problems: list[str]) -> list[str]:
    """Tell which keys the source still lists, or that it could not be asked: then nothing is confirmed."""

    def gone() -> bool:
        return not source.keys(wanted.lease)

    if _try(lambda: until(gone, GONE_WITHIN, tools.sleep), problems) is not False:
        return []
    return [key.id for key in _try(lambda: source.keys(wanted.lease), problems) or []]


def _claim(wanted: Wanted, tools: Tools, claim: ExitStack, problems: list[str]) -> None:
    """Claim the credential; where its home is down or gone, its keys are revoked all the same."""
    home = wanted.home(tools)
    if _try(home.find, problems) is not None:
        _try(lambda: claim.enter_context(claimed(home, wanted.lease, tools.clock, tools.sleep)), problems)


def _try(work: Callable[[], _Got], problems: list[str]) -> _Got | None:
    try:
        return work()
    except NhiError as failure:
        problems.append(str(failure))
        return None
