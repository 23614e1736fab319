"""Finding the key that leaked: by its id, by how its id begins, or by its value, which stays in memory."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nhi_components.core.errors import NhiError, Problem, SpecError
from nhi_components.lifecycle.credentials.journal import Journal
from nhi_components.lifecycle.credentials.ports import Source
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted, side_by_side

SHORTEST_PREFIX = 8
"""Our own figure: fewer characters of an id would be those of many keys."""


@runtime_checkable
class FindsByValue(Protocol):
    """A source that can tell which of its keys a value is."""

    def find(self, value: str) -> str | None:
        """Tell the id of the key that has this value; None when none has."""


@dataclass(frozen=True, slots=True)
class Leak:
    """What is known of a key that leaked; exactly one of the three.

    Attributes:
        key_id: its id.
        prefix: how its id begins, at least 8 characters.
        value: its value; never shown.
    """

    key_id: str = ""
    prefix: str = ""
    value: str = ""

    def __repr__(self) -> str:
        """Show no value."""
        return f"Leak(key_id={self.key_id!r}, prefix={self.prefix!r}, value={'…' if self.value else ''!r})"


@dataclass(frozen=True, slots=True)
class Match:
    """A credential that has the key.

    Attributes:
        index: the place of the credential among those that were asked.
        keys: the ids of its keys that match.
    """

    index: int
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found.

    Attributes:
        matches: the credentials that have the key.
        unseen: what could not be looked at, so that the key may be there.
    """

    matches: tuple[Match, ...]
    unseen: tuple[str, ...]


def search(leak: Leak, credentials: Sequence[tuple[Wanted, Tools]]) -> Search:
    """Look for a leaked key in credentials.

    Raises:
        SpecError: the prefix is too short to tell keys apart.
    """
    if leak.prefix and len(leak.prefix) < SHORTEST_PREFIX:
        expected = f"at least {SHORTEST_PREFIX} characters"
        problem = Problem("--prefix", f"{len(leak.prefix)} characters", expected, "give more of the id")
        raise SpecError("leaked key", [problem])
    answers = side_by_side(lambda each: _keys_in(leak, *each), list(credentials))
    found = [Match(index, each) for index, each in enumerate(answers) if isinstance(each, frozenset) and each]
    return Search(tuple(found), tuple(each for each in answers if isinstance(each, str)))


def _keys_in(leak: Leak, wanted: Wanted, tools: Tools) -> frozenset[str] | str:
    try:
        source = wanted.source(tools)
        if leak.value:
            return frozenset(_by_value(leak.value, source, wanted, tools))
        matches: Callable[[str], bool] = (
            (lambda key: key == leak.key_id) if leak.key_id else (lambda key: key.startswith(leak.prefix))
        )
        return frozenset(key.id for key in source.keys(wanted.lease) if matches(key.id))
    except NhiError as failure:
        return f"{wanted.subject}: {failure}"


def _by_value(value: str, source: Source, wanted: Wanted, tools: Tools) -> list[str]:
    """Compare with what is at the home, and ask the source where it can tell."""
    home = wanted.home(tools)
    content = home.read()
    if content and any(_same(value, field) for field in content.fields.values()):
        return [content.key_id]
    if isinstance(source, FindsByValue) and (key := source.find(value)):
        return [key]
    journal = Journal.of(home.notes(), home.spec.address)
    # An id is often given in place of a value, and is a part of what leaked with it.
    known = {journal.key, *journal.retiring} - {""}
    return [key for key in known if _same(value, key)]


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
