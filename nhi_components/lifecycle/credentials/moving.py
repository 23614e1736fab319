"""A credential whose journal is not at its home: the home has moved, or people have deleted it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.credentials.claiming import Claimed
from nhi_components.lifecycle.credentials.journal import Journal, mark_of_place, mark_of_version
from nhi_components.lifecycle.credentials.ports import Held, Kept, Key, Place
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted, home_at


def move_home(wanted: Wanted, tools: Tools, claim: Claimed) -> None:
    """Take the journal and what it is about from the home before to the one that is wanted now, unless it has one.

    The key goes first: a run that dies in between leaves a home without a journal, and the next one moves again. The
    one before is left as it is, for whoever removes it to do so once this is done.

    Args:
        wanted: the credential; `moved_from` is the home before.
        tools: reach the systems.
        claim: this run's, on the home that is wanted now.
    """
    home = wanted.home(tools)
    if wanted.moved_from is None or home.notes():
        return
    former = home_at(wanted.moved_from, tools)
    journal, content = Journal.of(former.notes(), wanted.moved_from.address), former.read()
    places = dict(journal.places)
    if content:
        claim.check()
        held = home.write(wanted.lease, content)
        places[mark_of_place(home.spec)] = mark_of_version(held.version)
    if content or journal.version:
        claim.check()
        home.note(wanted.lease, replace(journal, places=places).notes())


def recalled(journal: Journal, kept: Kept, keys: Sequence[Key], copies: Sequence[Place], lease_id: str) -> Journal:
    """Learn from the copies which key is in use, where its home was deleted with the journal.

    Its value is lost to us, not to its holders: it goes on working until the next one has been everywhere for a while.

    Args:
        journal: as the home has it.
        kept: what the home keeps.
        keys: every key that lives, oldest first.
        copies: the other places.
        lease_id: whose they are.
    """
    if journal.key or kept.material or not keys:
        return journal
    delivered = {held.key_id for copy in copies if (held := _ours(copy, lease_id))}
    living = [key for key in keys if key.id in delivered]
    if not living:
        return journal
    return replace(journal, key=living[-1].id, version=1, issued_at=living[-1].created_at, refreshed=1)


def _ours(copy: Place, lease_id: str) -> Held | None:
    with suppress(NhiError):  # one that is down tells nothing
        held = copy.find()
        return held if held and held.lease == lease_id else None
    return None
