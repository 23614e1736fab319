"""Users of one SCIM service: found by lease and name, created, changed, deleted.

A user bears the lease id in `externalId`, which RFC 7643 (section 3.1) leaves to the client that provisions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from nhi_components.core.errors import NhiError
from nhi_components.core.lease_id import is_lease_id
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.scim.http import ScimHttp

USERS = "Users"
_USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
_PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_PAGE = 100
_MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class User:
    """What a user is now.

    Attributes:
        id: the service's own id, which is never given again (RFC 7643, section 3.1).
        name: its `userName`.
        external_id: its `externalId`; None without one.
        active: whether it can be used; true where the service tells nothing of it.
        changed_at: when it was last changed; None where the service does not tell.
        whole: everything that the service told.
    """

    id: str
    name: str
    external_id: str | None
    active: bool
    changed_at: datetime | None
    whole: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return self.external_id if self.external_id and is_lease_id(self.external_id) else None


class Users:
    """The users of one service."""

    def __init__(self, http: ScimHttp) -> None:
        self._http = http

    def look(self) -> None:
        """Prove that users may be read."""
        self._page({"count": "1"})

    def of_lease(self, lease_id: str) -> list[User]:
        """Find every user that bears a lease id."""
        return self._where("externalId", lease_id, lambda user: user.external_id == lease_id)

    def named(self, name: str) -> User | None:
        """Find a user by its name; capitals make no difference (RFC 7643, section 4.1.1)."""
        found = self._where("userName", name, lambda user: user.name.casefold() == name.casefold())
        return found[0] if found else None

    def by_id(self, user_id: str) -> User | None:
        """Read a user by its id."""
        whole = self._http.read(USERS, user_id)
        return self._user(whole) if whole else None

    def create(self, lease: LeaseTags, name: str, *, active: bool) -> User:
        """Create a user that bears the lease."""
        shown = f"{lease.identity} ({lease.environment})"
        body = {"schemas": [_USER_SCHEMA], "userName": name, "externalId": lease.lease, "displayName": shown}
        return self._user(self._http.create({**body, "active": active}, USERS))

    def change(self, user: User, **attributes: str | bool) -> User:
        """Change attributes of a user, and return it as it is read back.

        Raises:
            NhiError: the service said that it was done, and what was read back is not that.
        """
        if self.config.patches:
            operations = [{"op": "replace", "path": name, "value": value} for name, value in attributes.items()]
            self._http.patch({"schemas": [_PATCH_SCHEMA], "Operations": operations}, USERS, user.id)
        else:
            version = user.whole.get("meta", {}).get("version")
            kept = {name: value for name, value in user.whole.items() if name != "meta"}
            self._http.replace({**kept, **attributes}, USERS, user.id, version=version)
        changed = self.by_id(user.id)
        if changed is None:
            raise NhiError(
                f"{self._http.place}: user {user.name} is gone after a change; expected it to be there; "
                "fix: run the same command again"
            )
        wrong = sorted(name for name, value in attributes.items() if not has(changed, name, value))
        if wrong:
            raise NhiError(
                f"{self._http.place}: user {user.name}: {', '.join(wrong)} read back as before; expected what was "
                "written; fix: let the connection's token change it at the identity provider"
            )
        return changed

    def delete(self, user_id: str) -> None:
        """Delete a user; one that is not there is fine."""
        self._http.delete(USERS, user_id)

    @cached_property
    def config(self) -> Config:
        """What the service says that it can do; asked once."""
        told = self._http.read("ServiceProviderConfig") or {}
        return Config(patches=_supported(told, "patch"), filters=_supported(told, "filter"))

    def _where(self, attribute: str, value: str, is_it: Callable[[User], bool]) -> list[User]:
        """Ask with a filter, page by page; what an answer holds beyond it is left out: not every service heeds it."""
        query = {"filter": f"{attribute} eq {json.dumps(value)}", "count": str(_PAGE)}
        seen: dict[str, User] = {}
        for _ in range(_MOST_PAGES):
            total, users = self._page({**query, "startIndex": str(len(seen) + 1)})
            new = {user.id: user for user in users if user.id not in seen}
            seen |= new
            if len(seen) >= total:
                return [user for user in seen.values() if is_it(user)]
            if not new:
                raise NhiError(
                    f"{self._http.place}: got {len(seen)} of {total} users for {query['filter']}; expected all of "
                    "them; fix: run the same command again, or use a service that heeds startIndex"
                )
        raise NhiError(
            f"{self._http.place}: more than {_MOST_PAGES * _PAGE:,} users for {query['filter']}; expected a few; "
            "fix: use a service that heeds filters"
        )

    def _page(self, query: Mapping[str, str]) -> tuple[int, list[User]]:
        """Read one page: how many there are in all, and those of the page. No list is not an empty one."""
        page = self._http.read(USERS, **query)
        total = page.get("totalResults") if page else None
        if page is None or not isinstance(total, int):
            got = f"no list of users at {self._http.endpoint}/{USERS}"
            fix = "correct the connection's endpoint, which usually ends with /scim/v2"
            raise self._http.unreachable(got, "a ListResponse of RFC 7644", fix)
        return total, [self._user(each) for each in page.get("Resources") or []]

    def _user(self, whole: Mapping[str, Any]) -> User:
        try:
            changed = whole.get("meta", {}).get("lastModified")
            return User(
                id=str(whole["id"]),
                name=str(whole["userName"]),
                external_id=whole.get("externalId"),
                active=whole.get("active", True) is not False,
                changed_at=_moment(changed) if changed else None,
                whole=whole,
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise NhiError(
                f"{self._http.place}: got a user without id, userName or a valid meta; expected RFC 7643; "
                "fix: correct the connection's endpoint"
            ) from None


@dataclass(frozen=True, slots=True)
class Config:
    """What a service can do (RFC 7643, section 5); where it says nothing, it is taken to.

    Attributes:
        patches: whether it changes parts of a resource; else the whole is replaced.
        filters: whether it finds by attributes.
    """

    patches: bool
    filters: bool


def has(user: User, attribute: str, value: str | bool) -> bool:
    """Tell whether a user has that value, also where the service writes it in its own way, or leaves it out."""
    match attribute:
        case "userName":
            return user.name.casefold() == str(value).casefold()
        case "active":
            return user.active is value
        case _:
            return user.whole.get(attribute) == value


def _supported(told: Mapping[str, Any], feature: str) -> bool:
    said = told.get(feature)
    return not isinstance(said, Mapping) or said.get("supported") is not False


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("without a time zone")
    return moment
