"""Asking GitHub what has happened in the organisations of one connection: its audit log, of GitHub Enterprise Cloud.

Sources: GitHub REST API, 'Get the audit log for an organization' (at most 100 entries a page, the newest first, of the
last three months; pages by the cursor `after` of the header Link; 1,750 queries an hour for each user and address).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import quote

from nhi_components.core.connection import GitHubConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.github import discovery_policy
from nhi_components.lifecycle.adapters.github.events import told
from nhi_components.lifecycle.adapters.github.found_lists import Lists, Part
from nhi_components.lifecycle.adapters.github.found_lists import Told as Entry
from nhi_components.lifecycle.discovery.ports import NotSeen
from nhi_components.lifecycle.events.patience import patiently
from nhi_components.lifecycle.events.ports import (
    NOT_UNDERSTOOD,
    Batch,
    Event,
    Told,
    Unreadable,
    digest_of,
    text_in,
    together,
)

PERMISSIONS: Final = discovery_policy.ORGANIZATION
"""What asking takes; of a classic token the scope `read:audit_log`."""
LATE: Final = timedelta(minutes=30)
"""How far behind what was read is read again: our own figure, as GitHub names none."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Without a phrase, which takes days only, the newest come first, and reading ends where they are too old.
_QUERY: Final = "include=web&order=desc"


class AuditLog:
    """What the organisations of one connection tell of themselves.

    Args:
        connection: its name.
        settings: how they are reached; `organizations` are those that are asked, without any all that are listed.
        clock: tells the time.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        connection: str,
        settings: GitHubConnection,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._connection, self._named = connection, settings.organizations
        self._lists = Lists(connection, settings)
        self._clock, self._sleep = clock, sleep

    @property
    def name(self) -> str:
        """By which its cursor is kept."""
        return f"audit-log github.{self._connection}"

    def read(self, cursor: str | None, since: datetime) -> Iterable[Batch]:
        """Yield what happened, a page at a time; a cursor is the time that each organisation is read up to.

        Raises:
            NotSeen: of some organisations it may not be read; that of the others was.
        """
        now = self._clock()
        known: dict[str, str] = json.loads(cursor) if cursor else {}
        logins = self._named or self._listed()
        reached = {login: known[login] for login in logins if login in known}
        unseen = list[str]()
        for login in logins:
            before = datetime.fromisoformat(known[login]) if login in known else since
            try:
                for page in self._pages(login, max(before, since) - LATE):
                    yield Batch(together(_read(each, login, now) for each in page))
            except NotSeen as error:
                unseen.append(str(error))
                continue
            reached[login] = now.astimezone(UTC).isoformat()
            yield Batch(Told(), json.dumps(reached, sort_keys=True))
        if unseen:
            raise NotSeen("\n".join(unseen))

    def _pages(self, login: str, begin: datetime) -> Iterator[list[Entry]]:
        cursor = None
        while True:
            path = f"/orgs/{quote(login)}/audit-log"
            ask = partial(self._lists.page, path, cursor, needs=PERMISSIONS[0], query=_QUERY)
            part: Part = patiently(ask, self._sleep)
            wanted = [each for each in part.items if not _is_before(each, begin)]
            yield wanted
            cursor = part.next
            if cursor is None or len(wanted) < len(part.items):
                return

    def _listed(self) -> list[str]:
        """An installation is in one organisation; to fine-grained tokens GitHub lists none."""
        caller = self._lists.caller
        if caller.installation:
            logins = [caller.login] if caller.login else []
        else:
            logins = [str(each["login"]) for each in self._lists.whole("/user/orgs", needs="metadata:read")]
        if not logins:
            raise NotSeen(
                f"github.{self._connection}: got no organisation that this token lists, expected one; fix: name the "
                "connection's `organizations`"
            )
        return logins


def _is_before(entry: Entry, begin: datetime) -> bool:
    at = entry.get("@timestamp")
    return isinstance(at, int) and _EPOCH + timedelta(milliseconds=at) < begin


def _read(entry: Entry, login: str, now: datetime) -> Told:
    try:
        return told({"org": login, **entry})
    except Unreadable:
        # Nobody knows what it says, so that everything is stale.
        itself = text_in(entry, "_document_id") or digest_of(entry)
        return Told((Event(System.GITHUB, "", itself, now, NOT_UNDERSTOOD),))
