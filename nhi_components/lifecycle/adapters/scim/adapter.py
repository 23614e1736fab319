"""The adapter of identity providers that speak SCIM 2.0: one service, and the users that belong to leases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from nhi_components.core.connection import ScimConnection
from nhi_components.core.errors import NhiError, Problem, SpecError
from nhi_components.core.links import Fact, Link, LinkKind, NeverCreated, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.ownership import (
    admitted,
    is_suspended,
    links_by_name,
    ownership_of,
    refuse_elsewhere,
    refuse_foreign,
    refuse_namesake,
)
from nhi_components.lifecycle.adapters.scim.http import ScimHttp, ScimRefused
from nhi_components.lifecycle.adapters.scim.users import User, Users, has
from nhi_components.lifecycle.adapters.web import Denied
from nhi_components.lifecycle.ports import BlindSpot, Caller, Canary, CutOff, Ownership, Room, Sighting

_KIND = LinkKind.SCIM_USER
_NO_ME = (HTTPStatus.BAD_REQUEST, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)
"""How services say, beside 404, that they have no `/Me`; 501 is RFC 7644's way (section 3.11)."""

NO_SESSIONS_TOLD = NotChecked(
    "SCIM tells nothing of sessions: whether the identity provider ends them is its own matter"
)
SINCE_UNKNOWN = NotChecked("inactive before; the service does not tell since when")
WITHOUT_CANARY = "SCIM opens no session that could be tried"


class ScimAdapter:
    """One SCIM service as `lifecycle.ports.SystemAdapter`."""

    def __init__(self, name: str, connection: ScimConnection) -> None:
        self._name = name
        self._http = ScimHttp(name, connection)
        self._users = Users(self._http)

    @property
    def system(self) -> System:
        """An identity provider."""
        return System.SCIM

    @property
    def connection(self) -> str:
        """The name of the connection in `nhi.Provider`."""
        return self._name

    def caller(self) -> Caller:
        """Tell whom the token speaks for, where the service has `/Me`; and that it may read users; see the port."""
        me = self._me()
        if me is None:
            self._users.look()
            me = f"the token in {self._http.token_variable}"
        return Caller(self.system, self.connection, me, self._http.endpoint)

    def require(self, links: Sequence[Link]) -> None:
        """Refuse a service in which users can't be found by their lease; see the port."""
        if links and not self._users.config.filters:
            expected, fix = "filter.supported true", "use a service that finds users by externalId and userName"
            got = "its ServiceProviderConfig says that it does not filter"
            raise SpecError("SCIM service", [Problem(self._http.place, got, expected, fix)])

    def room_for(self, links: Sequence[Link]) -> Room:
        """SCIM knows no quota on users; see the port."""
        return Room()

    def admit(self, lease: LeaseTags, links: Sequence[Link], now: datetime) -> list[Link]:
        """Make the users that are not there, and have them active unless they are suspended; see the port."""
        self._refuse_elsewhere(links)
        return [admitted(link, self._admitted(lease, link).id, self._http.endpoint) for link in links]

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        """Find the users that bear the lease id, or a name of the links; see the port."""
        self._refuse_elsewhere(links)
        known = links_by_name(links, _KIND)
        users = {user.id: user for user in self._users.of_lease(lease_id)}
        for name in known:
            if user := self._users.named(name):
                users[user.id] = user
        return [self._sighting(lease_id, user, _link_for(user, known)) for user in users.values()]

    def blind_spots(self, links: Sequence[Link]) -> list[BlindSpot]:
        """None: whoever may read users may read them all; see the port."""
        return []

    def cut_off(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[CutOff]:
        """Make the lease's users inactive, whether linked or not; see the port."""
        elapsed, sightings = Elapsed(now), self.survey(lease_id, links)
        done = [self._cut_off(s, elapsed) for s in sightings if s.ownership is Ownership.OURS]
        found = {sighting.link.key for sighting in sightings}
        missing = [link for link in links if link.key not in found and link.unique_id is None]
        return [*done, *(CutOff(link, NeverCreated(), NeverCreated()) for link in missing)]

    def revoke_live(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[Link]:
        """Nothing is issued through SCIM; a suspended user is inactive already; see the port."""
        self._refuse_elsewhere(links)
        return []

    def try_canary(self, canary: Canary, now: datetime) -> Fact:
        """There are none; see the port."""
        return NotChecked(WITHOUT_CANARY)

    def sweep(self, sighting: Sighting) -> None:
        """Delete a user by its id, which is never given again; see the port."""
        refuse_namesake(sighting)
        _refuse_kind(sighting.link)
        if sighting.link.unique_id is None:
            raise NhiError(f"{sighting.link}: got no unique id; expected one; fix: sweep what a survey found")
        self._users.delete(sighting.link.unique_id)

    def _me(self) -> str | None:
        try:
            me = self._http.read("Me")
        except Denied as denied:
            if denied.status != HTTPStatus.FORBIDDEN:
                raise
            return None
        except ScimRefused as refused:
            if refused.status not in _NO_ME:
                raise
            return None
        return str(me.get("userName") or me.get("displayName") or me["id"]) if me and "id" in me else None

    def _admitted(self, lease: LeaseTags, link: Link) -> User:
        _refuse_kind(link)
        active = not is_suspended(link)
        user = self._ours(lease, link) or self._created(lease, link, active=active)
        wanted: dict[str, str | bool] = {"userName": link.name, "externalId": lease.lease, "active": active}
        differing = {name: value for name, value in wanted.items() if not has(user, name, value)}
        return self._users.change(user, **differing) if differing else user

    def _ours(self, lease: LeaseTags, link: Link) -> User | None:
        """Find the user of the lease; None when there is none.

        Raises:
            NhiError: somebody else's has its name. Unlike what an engine makes, one without a lease is never our own.
        """
        named = self._users.named(link.name)
        if named is None:
            return next(iter(self._users.of_lease(lease.lease)), None)
        if named.lease is None and named.id != link.unique_id:
            raise NhiError(_taken(link, f"user {named.id} of that name, which bears no lease", lease.lease))
        refuse_foreign(lease.lease, named.lease, named.id, link)
        return named

    def _created(self, lease: LeaseTags, link: Link, *, active: bool) -> User:
        try:
            return self._users.create(lease, link.name, active=active)
        except ScimRefused as refused:
            if refused.status != HTTPStatus.CONFLICT:
                raise
        # Another run may have been first; else it is a user that the service hides, such as a deleted one it keeps.
        if user := self._ours(lease, link):
            return user
        raise NhiError(_taken(link, "a user that the service does not show (409)", lease.lease))

    def _sighting(self, lease_id: str, user: User, link: Link | None) -> Sighting:
        ownership = ownership_of(lease_id, user.lease, user.id, link)
        here = link or Link(self.system, _KIND, user.name, self.connection)
        suspended = link is not None and is_suspended(link)
        cut_off = ownership is Ownership.OURS and not user.active and not suspended
        return Sighting(replace(here, unique_id=user.id), ownership, "" if user.active else "inactive", cut_off=cut_off)

    def _cut_off(self, sighting: Sighting, elapsed: Elapsed) -> CutOff:
        user = self._users.by_id(sighting.link.unique_id or "")
        since: Fact = elapsed.now()
        if user and not user.active:
            since = user.changed_at or SINCE_UNKNOWN
        elif user:
            self._users.change(user, active=False)
            since = elapsed.now()
        return CutOff(sighting.link, since, NO_SESSIONS_TOLD, without_canary=WITHOUT_CANARY)

    def _refuse_elsewhere(self, links: Sequence[Link]) -> None:
        refuse_elsewhere(self.system, self.connection, links, lambda _: self._http.endpoint)


def _link_for(user: User, known: dict[str, Link]) -> Link | None:
    """Choose the link that is about a user: by its id, else by its name."""
    by_id = next((link for link in known.values() if link.unique_id == user.id), None)
    return by_id or next((link for name, link in known.items() if name.casefold() == user.name.casefold()), None)


def _refuse_kind(link: Link) -> None:
    if link.kind is not _KIND:
        raise NhiError(f"{link}: got a kind that is not of SCIM; expected {_KIND}; fix: link it to its own system")


def _taken(link: Link, found: str, lease_id: str) -> str:
    return (
        f"{link}: found {found}; expected none, or one whose externalId is {lease_id}; "
        "fix: give the account another user_name, or remove the one that is there"
    )
