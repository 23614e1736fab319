"""An identity provider that speaks SCIM 2.0 as a source of a scan: its users as people, its groups as teams.

Sources: RFC 7643, sections 4.1 and 4.2; RFC 7644, sections 3.4.2.4 (pages by `startIndex` and `count`), 3.4.2.5 and 4
(`/ResourceTypes`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from nhi_components.core.connection import ScimConnection
from nhi_components.core.errors import SystemUnreachable
from nhi_components.core.inventory.records import FoundPerson
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.scim.http import ScimHttp, ScimRefused
from nhi_components.lifecycle.adapters.scim.users import USERS, Users
from nhi_components.lifecycle.adapters.web import Denied
from nhi_components.lifecycle.discovery.ports import CursorLapsed, NotSeen, Page, Section

_GROUPS: Final = "Groups"
_AT_ONCE: Final = 100
_NOT_HERE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.NOT_IMPLEMENTED)
_FIX: Final = "correct the connection's endpoint, which usually ends with /scim/v2"


class _Kind(NamedTuple):
    """What a section reads.

    Attributes:
        path: of the resources.
        query: what is asked for beside the page, so that members and pictures stay where they are.
        what: they are, for people.
        found: reads one.
    """

    path: str
    query: Mapping[str, str]
    what: str
    found: Callable[[Mapping[str, Any]], FoundPerson]


class ScimPeople:
    """One service, as `discovery.ports.Source`; it only reads."""

    def __init__(self, name: str, connection: ScimConnection) -> None:
        self.system: str = System.SCIM
        self.connection = name
        self._http = ScimHttp(name, connection)

    def place(self) -> str:
        """Tell the service's base URL, and prove that users may be read.

        Raises:
            SystemUnreachable: it does not answer, or they may not.
        """
        try:
            Users(self._http).look()
        except ScimRefused as refused:
            raise self._http.unreachable(str(refused), "a list of users", _FIX) from None
        return self._http.endpoint

    def beginnings(self) -> Sequence[str]:
        """Name the sections."""
        return tuple(_KINDS)

    def section(self, name: str) -> Section:
        """Give a section by its name; a cursor holds where the page before began, and its last id."""
        kind = _KINDS[name]
        permission = f"to read /{kind.path}"
        return Section(name, f"{kind.what} of {self._http.endpoint}", (permission,), lambda at: self._read(kind, at))

    def _read(self, kind: _Kind, cursor: str | None) -> Page:
        start, last = json.loads(cursor) if cursor else (1, None)
        page = self._page(kind, start)
        if page is None:
            return Page(())
        total, whole = page
        ids = [_text(each.get("id")) for each in whole]
        if last is not None and last not in ids:
            raise CursorLapsed(f"{self._http.place}: the pages of /{kind.path} have moved")
        fresh = whole[ids.index(last) + 1 :] if last is not None else whole
        if total == 0 and kind.path == USERS:
            raise self._unseen("no user at all", "those of the organisation", f"allow the token {kind.what}")
        reached = start - 1 + len(whole)
        if reached < total and not fresh:
            expected, fix = "those that follow", "use a service that heeds startIndex, and has pages of two or more"
            raise self._unseen(f"{reached} of {total} of /{kind.path}, and no more", expected, fix)
        found = [self._found(kind, each) for each in fresh]
        return Page(found, json.dumps([reached, ids[-1]]) if reached < total else None)

    def _page(self, kind: _Kind, start: int) -> tuple[int, list[Mapping[str, Any]]] | None:
        """Read one page: how many there are in all, and those of it; None where the service has no such resources.

        It begins with the last of the page before, which shows whether anything has moved in between: who was skipped
        would count as gone.
        """
        query = {**kind.query, "startIndex": str(start), "count": str(_AT_ONCE)}
        try:
            page = self._http.read(kind.path, **query)
        except Denied as denied:
            raise NotSeen(f"{denied.problem.path}: {denied.problem.got}; fix: {denied.problem.fix}") from None
        except ScimRefused as refused:
            if refused.status not in _NOT_HERE:
                raise NotSeen(str(refused)) from None
            page = None
        if page is None and kind.path == _GROUPS and self._knows_no_groups():
            return None
        total = page.get("totalResults") if page else None
        whole = page.get("Resources") or [] if page else None
        if not isinstance(total, int) or not isinstance(whole, list) or not all(isinstance(u, dict) for u in whole):
            raise self._unseen(f"no list at /{kind.path}", "a ListResponse of RFC 7644", _FIX)
        return total, whole

    def _knows_no_groups(self) -> bool:
        """Tell whether the service says that it has no groups, rather than just not showing any."""
        try:
            types = self._http.read("ResourceTypes")
        except (ScimRefused, SystemUnreachable):
            return False
        told = types.get("Resources") if types else None
        if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
            return False
        endpoints = {str(each.get("endpoint")).strip("/") for each in told}
        return USERS in endpoints and _GROUPS not in endpoints

    def _found(self, kind: _Kind, whole: Mapping[str, Any]) -> FoundPerson:
        try:
            return kind.found(whole)
        except (AttributeError, KeyError, TypeError, ValueError):
            got = f"an entry of /{kind.path} without id or name, or with another type of value"
            raise self._unseen(got, "what RFC 7643 says", _FIX) from None

    def _unseen(self, got: str, expected: str, fix: str) -> NotSeen:
        return NotSeen(f"{self._http.place}: got {got}; expected {expected}; fix: {fix}")


def _user(whole: Mapping[str, Any]) -> FoundPerson:
    active = whole.get("active", True)
    if not isinstance(active, bool):
        raise TypeError
    names = [_required(whole["userName"]), *_mails(whole.get("emails") or [])]
    return FoundPerson(_required(whole["id"]), tuple(dict.fromkeys(name.lower() for name in names)), active)


def _mails(told: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    return (_required(each["value"]) for each in told if each.get("value"))


def _group(whole: Mapping[str, Any]) -> FoundPerson:
    return FoundPerson(f"team {_required(whole['id'])}", (_required(whole["displayName"]).lower(),), active=True)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _required(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


_KINDS: Final[Mapping[str, _Kind]] = {
    "users": _Kind(USERS, {"attributes": "userName,emails,active"}, "users", _user),
    "groups": _Kind(_GROUPS, {"attributes": "displayName"}, "groups", _group),
}
