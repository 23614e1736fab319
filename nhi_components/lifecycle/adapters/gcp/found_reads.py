"""How discovery reads Google Cloud: by GET and `getIamPolicy` only, what is denied told as unseen, a page at a time.

A cursor is Google's own page token, which no process is bound to (API design guide, 'List pagination').
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import quote

from nhi_components.core.connection import GcpConnection
from nhi_components.core.errors import Problem
from nhi_components.lifecycle.adapters.gcp.errors import INVALID_ARGUMENT, NOT_FOUND, Denied, Refused, Throttled
from nhi_components.lifecycle.adapters.gcp.session import IAM, GcpSession, Query
from nhi_components.lifecycle.discovery.ports import Busy, CursorLapsed, NotSeen

Told = Mapping[str, Any]
"""An object as an API answers it."""


class Part(NamedTuple):
    """A page of a list.

    Attributes:
        items: what stands on it.
        next: the token of the page after it; None for the last.
    """

    items: Sequence[Told]
    next: str | None


class Looks:
    """One connection, as discovery looks through it.

    Every look raises `NotSeen` naming the permission when it is denied, or the API when that is disabled, `Busy` when
    Google asks to wait, `CursorLapsed` when it does not take a page token any more, and `SystemUnreachable` when it
    does not answer or refuses the credentials.

    Args:
        name: of the connection.
        settings: how it is reached.
    """

    def __init__(self, name: str, settings: GcpConnection) -> None:
        self.name = name
        self._session = GcpSession(name, settings)

    @cached_property
    def principal(self) -> str:
        """Whom the connection speaks for: an e-mail address, or Google's number where a token tells none."""
        return self._session.principal()

    def part(
        self, api: str, path: str, field: str, *, needs: str, query: Query | None = None, cursor: str | None = None
    ) -> Part:
        """Read one page of a list.

        Args:
            api: such as `iam`.
            path: of the list.
            field: the answer's field that holds it.
            needs: the permission that it takes.
            query: of the URL; the same for all pages.
            cursor: the page's token; None for the first.
        """
        asked = {**(query or {}), **({"pageToken": cursor} if cursor else {})}
        with self._told(path, cursor):
            body = self._session.ask("GET", api, path, needs=needs, query=asked).body
        return Part(body.get(field, []), body.get("nextPageToken") or None)

    def whole(self, api: str, path: str, field: str, *, needs: str, query: Query | None = None) -> Iterator[Told]:
        """Read a list that is known to be short, with all its pages; arguments as `part`."""
        cursor = None
        while True:
            part = self.part(api, path, field, needs=needs, query=query, cursor=cursor)
            yield from part.items
            cursor = part.next
            if cursor is None:
                return

    def accounts(self, project: str, most: int, *, needs: str, cursor: str | None) -> Part:
        """Read a page of a project's service accounts."""
        path = f"/v1/projects/{quote(project)}/serviceAccounts"
        return self.part(IAM, path, "accounts", needs=needs, query={"pageSize": str(most)}, cursor=cursor)

    def about(
        self, method: str, path: str, *, needs: str, query: Query | None = None, body: Told | None = None
    ) -> Told:
        """Read of an account what IAM tells by itself; nothing when the account is gone since it was listed."""
        with self._told(path, None):
            try:
                return self._session.ask(method, IAM, path, needs=needs, query=query, body=body).body
            except Refused as refused:
                if refused.code != NOT_FOUND:
                    raise
                return {}

    @contextmanager
    def _told(self, path: str, cursor: str | None) -> Iterator[None]:
        try:
            yield
        except Denied as denied:
            raise NotSeen(_written(denied.problem)) from None
        except Throttled as throttled:
            raise Busy(_written(throttled.problem), throttled.after) from None
        except Refused as refused:
            if refused.code == INVALID_ARGUMENT and cursor:
                raise CursorLapsed(f"gcp.{self.name}: GET {path}: a page token has lapsed") from None
            if refused.code == NOT_FOUND:
                raise NotSeen(
                    f"gcp.{self.name}: {path} is not there; fix: correct the id of its project in the connection's "
                    "`projects`"
                ) from None
            raise


def _written(problem: Problem) -> str:
    return f"{problem.path}: {problem.got}; expected {problem.expected}; fix: {problem.fix}"
