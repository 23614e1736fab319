"""Finding the key that leaked: by its id, by how its id begins, or by its value, which stays in memory."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nhi_components.core.errors import NhiError, Problem, SpecError
from nhi_components.lifecycle.credentials.journal import Journal
from nhi_components.lifecycle.credentials.ports import Home
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted, side_by_side

SHORTEST_PREFIX = 8
"""Our own figure: fewer characters of an id would be those of many keys."""

PUBLIC = frozenset({"ca_chain", "certificate", "client_id", "role_id", "tenant_id"})
"""Fields that are told to everybody; one of them in the open is no leak, and some are those of many credentials."""


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
        SpecError: the prefix is too short to tell keys apart, or it is not said which key leaked.
    """
    if sum(map(bool, (leak.key_id, leak.prefix, leak.value))) != 1:
        problem = Problem("the key", "none or several ways to know it", "one", "give its id, prefix or value")
        raise SpecError("leaked key", [problem])
    if problems := prefix_problems(leak.prefix):
        raise SpecError("leaked key", problems)
    answers = side_by_side(lambda each: _keys_in(leak, *each), list(credentials))
    found = [Match(index, each) for index, each in enumerate(answers) if isinstance(each, frozenset) and each]
    return Search(tuple(found), tuple(each for each in answers if isinstance(each, str)))


def prefix_problems(prefix: str) -> list[Problem]:
    """Tell whether a prefix is too short to tell keys apart; one that is empty was not given."""
    length = len(prefix)
    if not prefix or length >= SHORTEST_PREFIX:
        return []
    expected = f"at least {SHORTEST_PREFIX} characters"
    return [Problem("--prefix", f"{length} characters", expected, "give more of the id")]


def _keys_in(leak: Leak, wanted: Wanted, tools: Tools) -> frozenset[str] | str:
    try:
        return frozenset(_by_value(leak.value, wanted, tools) if leak.value else _by_id(leak, wanted, tools))
    except NhiError as failure:
        return f"{wanted.subject}: {failure}"


def _by_id(leak: Leak, wanted: Wanted, tools: Tools) -> list[str]:
    """Look at the source; then at home, which still names a key that an earlier run has deleted but not replaced."""

    def fits(key: str) -> bool:
        return key == leak.key_id if leak.key_id else key.startswith(leak.prefix)

    listed = [key.id for key in wanted.source(tools).keys(wanted.lease) if fits(key.id)]
    return listed or [key for key in _known(wanted.home(tools)) if fits(key)]


def _by_value(value: str, wanted: Wanted, tools: Tools) -> list[str]:
    """Ask the source where it can tell, and compare with what is at home; one that is down keeps none from the other.

    Raises:
        NhiError: one of them could not be looked at, and the other does not know the value.
    """
    source = wanted.source(tools)
    failure: NhiError | None = None
    if isinstance(source, FindsByValue):
        try:
            if key := source.find(value):
                return [key]
        except NhiError as error:
            failure = error
    home = wanted.home(tools)
    content = home.read()
    if content and any(_same(value, told) for name, told in content.fields.items() if name not in PUBLIC):
        return [content.key_id]
    # An id is often given in place of a value, and is a part of what leaked with it.
    if known := [key for key in _known(home) if _same(value, key)]:
        return known
    if failure:
        raise failure
    return []


def _known(home: Home) -> list[str]:
    """The keys that a home names: the current one, those before it that still work, and the one that it holds."""
    journal, held = Journal.of(home.notes(), home.spec.address), home.find()
    holds = held.key_id if held else None
    return sorted({journal.key, *journal.retiring, holds or ""} - {""})


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(_plain(one), _plain(other))


def _plain(text: str) -> bytes:
    """Leave out what differs when a value is copied: white space around it, ends of lines, the layout of JSON."""
    told = "\n".join(text.strip().splitlines())
    if told.startswith("{"):
        with suppress(ValueError, RecursionError):
            told = json.dumps(json.loads(told), sort_keys=True)
    return told.encode("utf-8", "surrogatepass")
