"""How discovery reads Azure: by GET only, what is denied told as unseen, a page at a time.

A cursor is path and query of the link to the next page, which no process is bound to. The link must lead to the host
that was asked, as it is asked for with our token. Sources: Microsoft Graph documentation, 'Paging Microsoft Graph data
in your app', 'Microsoft Graph throttling guidance'; Azure Resource Manager documentation, 'Understand how Azure
Resource Manager throttles requests'; REST API reference, 'nextLink'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from nhi_components.core.connection import AzureConnection
from nhi_components.core.errors import NhiError, Problem
from nhi_components.lifecycle.adapters.azure.arm import target_of
from nhi_components.lifecycle.adapters.azure.errors import UNREGISTERED, Denied, NoSubscription, Refused, Throttled
from nhi_components.lifecycle.adapters.azure.session import AzureSession, Reply
from nhi_components.lifecycle.discovery.ports import Busy, CursorLapsed, NotSeen

Told = Mapping[str, Any]
"""An object as an API answers it."""

_V1: Final = "v1.0"
_LAPSED: Final = frozenset({400, 410})


class Part(NamedTuple):
    """A page of a list.

    Attributes:
        items: what stands on it.
        next: the cursor of the page after it; None for the last.
    """

    items: Sequence[Told]
    next: str | None


class Looks:
    """One connection, as discovery looks through it.

    Every look raises `NotSeen` naming what is missing when it is denied, `Busy` when Azure asks to wait, `CursorLapsed`
    when a link to a page is not taken any more, and `SystemUnreachable` when Azure does not answer or refuses the
    credentials.

    Args:
        name: of the connection.
        settings: how it is reached.
    """

    def __init__(self, name: str, settings: AzureConnection) -> None:
        self.name = name
        self._session = AzureSession(name, settings)
        cloud, endpoint = self._session.cloud, settings.endpoint
        self._graph_hosts = {cloud.graph, *_host_of(endpoint)}
        self._arm_hosts = {cloud.management, *_host_of(settings.management or endpoint)}

    @cached_property
    def caller(self) -> Mapping[str, str]:
        """Whom the connection speaks for: `oid` and `appid`."""
        return self._session.identity()

    @cached_property
    def tenant(self) -> str:
        """The tenant's id; that a token is to be had is proved."""
        return self.caller.get("tid") or self._session.tenant()

    def graph(self, path: str, *, needs: str, cursor: str | None = None, version: str = _V1) -> Part:
        """Read one page of a list of Microsoft Graph.

        Args:
            path: of the list, with its query, quoted.
            needs: the permission that it takes.
            cursor: of the page; None for the first.
            version: of the API.
        """
        with self._told(path, cursor):
            reply = self._session.graph("GET", self._here(path, cursor), needs=needs, version=version)
        link = str(reply.body.get("@odata.nextLink") or "")
        following = self._following(link, self._graph_hosts)
        # A base URL of one's own may have a path before the version.
        return Part(reply.body.get("value", []), following.partition(f"/{version}")[2] or None)

    def graph_whole(self, path: str, *, needs: str) -> Iterator[Told]:
        """Read a list of Microsoft Graph that is known to be short, with all its pages."""
        cursor = None
        while True:
            part = self.graph(path, needs=needs, cursor=cursor)
            yield from part.items
            cursor = part.next
            if cursor is None:
                return

    def graph_about(self, path: str, *, needs: str) -> Told | None:
        """Read one object of Microsoft Graph; None when it is not there."""
        with self._told(path, None):
            found = self._session.look(path, needs=needs)
        return found.body if found else None

    def manage(self, path: str, version: str, *, needs: str, cursor: str | None = None, wanted: str = "") -> Part:
        """Read one page of a list of Azure Resource Manager; nothing of a provider that is not registered.

        Args:
            path: of the list.
            version: of the API.
            needs: the permission that it takes.
            cursor: of the page; None for the first.
            wanted: the filter; empty for none.
        """
        target = target_of(path, version, {"$filter": wanted} if wanted else {})
        with self._told(path, cursor):
            try:
                reply = self._session.manage("GET", self._here(target, cursor), needs=needs)
            except Refused as refused:
                if refused.code != UNREGISTERED:
                    raise
                return Part((), None)
        link = str(reply.body.get("nextLink") or "")
        return Part(reply.body.get("value") or [], self._following(link, self._arm_hosts) or None)

    def manage_whole(self, path: str, version: str, *, needs: str) -> Iterator[Told]:
        """Read a list of Azure Resource Manager that is known to be short; nothing when what it is of is gone."""
        cursor = None
        while True:
            try:
                part = self.manage(path, version, needs=needs, cursor=cursor)
            except Absent:
                return
            yield from part.items
            cursor = part.next
            if cursor is None:
                return

    def manage_about(self, id_: str, version: str, *, needs: str) -> Told | None:
        """Read one object of Azure Resource Manager; None when it is not there."""
        try:
            with self._told(id_, None):
                reply: Reply = self._session.manage("GET", target_of(id_, version, {}), needs=needs)
        except Absent:
            return None
        return reply.body

    def _here(self, path: str, cursor: str | None) -> str:
        """Give what is asked for; a cursor is refused that is no path, as it could lead to another host."""
        if cursor is not None and (not cursor.startswith("/") or cursor.startswith("//")):
            raise CursorLapsed(f"azure.{self.name}: GET {_plain(path)}: a cursor is no path")
        return cursor or path

    def _following(self, link: str, hosts: set[str]) -> str:
        if not link:
            return ""
        told = urlsplit(link)
        if told.scheme != "https" or told.netloc.lower() not in hosts:
            expected = f"one on {' or '.join(sorted(hosts))}, by https"
            raise NhiError(
                f"azure.{self.name}: a link to the next page leads to {told.scheme}://{told.netloc}, expected "
                f"{expected}; fix: correct the connection's `management` and `endpoint`, or see what stands in between"
            )
        return f"{told.path}?{told.query}"

    @contextmanager
    def _told(self, path: str, cursor: str | None) -> Iterator[None]:
        try:
            yield
        except (Denied, NoSubscription) as unseen:
            raise NotSeen(_written(unseen.problem)) from None
        except Throttled as throttled:
            raise Busy(_written(throttled.problem), throttled.after) from None
        except Refused as refused:
            if cursor and refused.status in _LAPSED:
                raise CursorLapsed(f"azure.{self.name}: GET {_plain(path)}: a link has lapsed") from None
            if refused.tells_absence:
                raise Absent(str(refused)) from None
            raise


class Absent(NhiError):
    """What was asked for is not there."""


def _host_of(url: str | None) -> list[str]:
    return [urlsplit(url).netloc.lower()] if url else []


def _plain(path: str) -> str:
    return path.partition("?")[0]


def _written(problem: Problem) -> str:
    return f"{problem.path}: {problem.got}; expected {problem.expected}; fix: {problem.fix}"
