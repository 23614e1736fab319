"""How discovery reads one GitHub: lists, a page at a time, what is denied told by its permission.

Source: GitHub REST API, 'Using pagination in the REST API': a list goes on by the query of its Link header, which no
process is bound to. GitHub answers 404 both for what is not there and for what a token may not know of, so a 404 counts
as unseen, but for a repository that is gone since it was listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from threading import RLock
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from nhi_components.core.connection import GitHubConnection
from nhi_components.core.inventory.records import Record
from nhi_components.lifecycle.adapters.github.session import Denied, GitHubSession, Throttled
from nhi_components.lifecycle.discovery.ports import Busy, NotSeen, Page, Section

PAGE: Final = 100
"""Objects on a page; GitHub gives no more."""
REPOSITORIES_AT_ONCE: Final = 25
"""Repositories on a page of which each is asked for more."""
DENIED_AT_MOST: Final = 5
"""Repositories on a page of which something may be denied; of more, the whole section is: our own figure."""

Told = Mapping[str, Any]
"""An object as GitHub answers it."""


class Part(NamedTuple):
    """A page of a list.

    Attributes:
        items: what stands on it.
        next: the query of the page after it; None for the last.
    """

    items: Sequence[Told]
    next: str | None


class Caller(NamedTuple):
    """Whom a connection speaks for.

    Attributes:
        login: of the user, or of the account in which the App is installed; empty where that cannot be told.
        installation: it is an App's installation.
    """

    login: str
    installation: bool


class Lists:
    """One GitHub, as discovery looks at it.

    Every look raises `NotSeen` naming the permission when it is denied, `Busy` when the rate limit is reached, and
    `SystemUnreachable` when GitHub does not answer or refuses the token.

    Args:
        name: of the connection.
        settings: how it is reached.
    """

    def __init__(self, name: str, settings: GitHubConnection) -> None:
        self.name = name
        self._session = GitHubSession(name, settings)
        self._lock = RLock()

    @property
    def caller(self) -> Caller:
        """Whom the connection speaks for."""
        with self._lock:
            return self._caller

    def place(self, organization: str) -> str:
        """Name an organisation in the world; GitHub does not tell capital letters from small ones."""
        return f"{self._session.host}/{organization}".lower()

    def key(self, path: str) -> str:
        """Give the key of what is found: its path in the API, in small letters."""
        return f"{self._session.host}/{path.strip('/')}".lower()

    def page(
        self, path: str, cursor: str | None, *, needs: str, field: str = "", most: int | None = None, query: str = ""
    ) -> Part:
        """Read a page of a list.

        Args:
            path: of the list.
            cursor: the query of the page; None for the first.
            needs: the permission that it takes.
            field: of the answer that holds the list; empty when the answer is the list.
            most: objects on it.
            query: what else is asked of the first page, such as `sort=full_name`.
        """
        found = self._part(path, cursor or _query(query, most or PAGE), needs, field)
        if found is None:
            raise self._not_seen(f"404, GET {path}: not there, or not for this token", needs)
        return found

    def whole(self, path: str, *, needs: str, field: str = "", of: Told | None = None) -> Iterator[Told]:
        """Read a list that is known to be short, with all its pages.

        Args:
            path: of the list.
            needs: the permission that it takes.
            field: of the answer that holds the list.
            of: the repository that it belongs to: when that is gone by now, there is nothing. None: what it belongs to
                was listed just now, so that it is gone when it is not there.
        """
        query: str | None = _query("", PAGE)
        while query is not None:
            found = self._part(path, query, needs, field)
            if found is None:
                if of is not None and self.object(f"/repos/{of['full_name']}", needs="metadata:read") is not None:
                    raise self._not_seen(f"404, GET {path}: not for this token", needs)
                return
            yield from found.items
            query = found.next

    def object(self, path: str, *, needs: str) -> Any:
        """Read one object; None when there is none."""
        with self._told(needs):
            answer = self._session.get(path)
        return answer.data if answer else None

    def repositories(self, organization: str, cursor: str | None, most: int) -> Part:
        """Read a page of an organisation's repositories, in the order of their names."""
        path = f"/orgs/{quote(organization)}/repos"
        return self.page(path, cursor, needs="metadata:read", most=most, query="type=all&sort=full_name")

    def of_repositories(
        self,
        name: str,
        what: str,
        permissions: tuple[str, ...],
        organization: str,
        records: Callable[[Told], Iterator[Record]],
    ) -> Section:
        """Give the section that asks each repository of an organisation for more.

        What a token may not see of a few of a page's repositories is told by a section of each of these.

        Args:
            name: of the section; with a third part, the name of a repository, it reads that alone.
            what: is unseen without it.
            permissions: that it takes.
            organization: its login.
            records: reads what there is to tell of one repository.
        """

        def read(cursor: str | None) -> Page:
            found = self.repositories(organization, cursor, REPOSITORIES_AT_ONCE)
            told, denied = list[Record](), dict[str, NotSeen]()
            for each in found.items:
                try:
                    told += list(records(each))
                except NotSeen as error:
                    denied[str(each["full_name"]).partition("/")[2]] = error
            if denied and len(denied) > min(DENIED_AT_MOST, len(found.items) - 1):
                raise next(iter(denied.values()))
            return Page(told, found.next, [f"{name}/{repository}" for repository in denied])

        def read_one(_: str | None) -> Page:
            repository = self.object(f"/repos/{organization}/{alone}", needs="metadata:read")
            return Page(list(records(repository)) if repository is not None else ())

        alone = "".join(name.split("/")[2:])
        where = f"{organization}/{alone}" if alone else organization
        return Section(name, f"{what} of {where}", permissions, read_one if alone else read)

    def _part(self, path: str, query: str, needs: str, field: str) -> Part | None:
        with self._told(needs):
            answer = self._session.get(f"{path}?{query}")
        return Part(answer.data[field] if field else answer.data, answer.next) if answer else None

    @cached_property
    def _caller(self) -> Caller:
        """An App's installation is no user; what it may see tells in whose account it is."""
        try:
            answer = self._session.get("/user")
            return Caller(str(answer.data["login"]) if answer else "", installation=False)
        except Denied:
            answer = self._session.get("/installation/repositories?per_page=1")
            seen = answer.data["repositories"] if answer else ()
            return Caller(str(seen[0]["owner"]["login"]) if seen else "", installation=True)

    @contextmanager
    def _told(self, needs: str) -> Iterator[None]:
        """Turn what GitHub refuses into what a scan understands."""
        try:
            yield
        except Denied as error:
            raise self._not_seen(error.problem.got, needs) from None
        except Throttled as error:
            raise Busy(f"github.{self.name}: {error.problem.got}", error.after) from None

    def _not_seen(self, got: str, needs: str) -> NotSeen:
        fix = "give it to the connection's App or token, as `nhi permissions github` prints"
        return NotSeen(f"github.{self.name}: got {got}; expected the permission {needs}; fix: {fix}")


def time_of(told: str | None) -> datetime | None:
    """Read a time as GitHub writes it."""
    return datetime.fromisoformat(told).astimezone(UTC) if told else None


def _query(query: str, most: int) -> str:
    return "&".join(part for part in (query, f"per_page={most}") if part)
