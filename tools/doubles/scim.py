"""A double of an identity provider that speaks SCIM 2.0: users and groups, as RFC 7643 and RFC 7644 describe them.

It knows filters of one comparison, pages, PATCH with `replace`, PUT with If-Match, and can be told to be less capable.
"""

from __future__ import annotations

import re
import secrets
from http import HTTPStatus
from typing import Any

from tools.doubles.server import Answer, HttpDouble, Refusal, Request, route

BASE = "/scim/v2"
_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_FILTER = re.compile(r'(userName|externalId) eq "([^"]*)"')


class ScimDouble(HttpDouble):
    """One identity provider.

    Attributes:
        users: by id, as they are told.
        groups: by id, likewise; only read.
        page: how many users, or groups, a page holds at most.
        patches: whether it changes parts of a resource.
        filters: whether its configuration says that it filters.
        heeds_filters: whether it does; else it answers with every user.
        heeds_pages: whether it begins where it is asked to; else every page is the first.
        has_me: whether it tells whom a token speaks for.
        has_groups: whether it knows groups at all, and says so.
        keeps_names: names that are taken although no user of them is shown, as after a soft delete.
    """

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.page = 100
        self.has_groups = True
        self.patches = self.filters = self.heeds_filters = self.heeds_pages = self.has_me = True
        self.keeps_names: set[str] = set()
        self.mount(self)

    @property
    def endpoint(self) -> str:
        """The base URL of its SCIM API."""
        return f"{self.url}{BASE}"

    def make(self, name: str, external_id: str | None = None, *, active: bool = True) -> dict[str, Any]:
        """Make a user as the provider's own administrator would."""
        with self.lock:
            body = {"userName": name, "active": active, **({"externalId": external_id} if external_id else {})}
            return self._kept(secrets.token_hex(8), body)

    def make_group(self, name: str) -> dict[str, Any]:
        """Make a group as the provider's own administrator would."""
        with self.lock:
            group_id = secrets.token_hex(8)
            self.groups[group_id] = {"schemas": [_GROUP], "id": group_id, "displayName": name}
            return self.groups[group_id]

    def named(self, name: str) -> dict[str, Any] | None:
        """Find a user by its name."""
        with self.lock:
            return next((u for u in self.users.values() if u["userName"].lower() == name.lower()), None)

    @route("GET", f"{BASE}/ServiceProviderConfig")
    def config(self, request: Request) -> object:
        return {"patch": {"supported": self.patches}, "filter": {"supported": self.filters, "maxResults": self.page}}

    @route("GET", f"{BASE}/Me")
    def me(self, request: Request) -> object:
        if not self.has_me:
            raise _refusal(HTTPStatus.NOT_IMPLEMENTED, "no Me here")
        return {"schemas": [_USER], "id": f"id-of-{request.principal}", "userName": request.principal}

    @route("GET", f"{BASE}/Users", needs="users.read")
    def find(self, request: Request) -> object:
        found = list(self.users.values())
        asked = _FILTER.fullmatch(request.query.get("filter", ""))
        if asked and self.heeds_filters:
            name, value = asked.groups()
            found = [user for user in found if str(user.get(name, "")).lower() == value.lower()]
        return self._page_of(found, request)

    @route("GET", f"{BASE}/Groups", needs="groups.read")
    def find_groups(self, request: Request) -> object:
        if not self.has_groups:
            raise Refusal(self.absent(request))
        return self._page_of(list(self.groups.values()), request)

    @route("GET", f"{BASE}/ResourceTypes")
    def resource_types(self, request: Request) -> object:
        names = ["User", *(["Group"] if self.has_groups else [])]
        types = [{"name": name, "endpoint": f"/{name}s"} for name in names]
        return {"schemas": [_LIST], "totalResults": len(types), "Resources": types}

    def _page_of(self, found: list[dict[str, Any]], request: Request) -> object:
        start = int(request.query.get("startIndex", "1")) if self.heeds_pages else 1
        count = int(request.query.get("count", self.page))
        page = found[start - 1 : start - 1 + min(count, self.page)]
        told = {"totalResults": len(found), "startIndex": start, "itemsPerPage": len(page), "Resources": page}
        return {"schemas": [_LIST], **told}

    @route("POST", f"{BASE}/Users", needs="users.write")
    def create(self, request: Request) -> object:
        body = request.json()
        if self.named(body["userName"]) or body["userName"] in self.keeps_names:
            raise _refusal(HTTPStatus.CONFLICT, "the userName is taken", "uniqueness")
        return Answer(HTTPStatus.CREATED, self._kept(secrets.token_hex(8), body))

    @route("GET", f"{BASE}/Users/{{id}}", needs="users.read")
    def read(self, request: Request) -> object:
        return self._user(request)

    @route("PATCH", f"{BASE}/Users/{{id}}", needs="users.write")
    def patch(self, request: Request) -> object:
        user = self._user(request)
        if not self.patches:
            raise _refusal(HTTPStatus.NOT_IMPLEMENTED, "no PATCH here")
        changes = {each["path"]: each["value"] for each in request.json()["Operations"] if each["op"] == "replace"}
        self._kept(user["id"], {**user, **changes})
        return Answer(HTTPStatus.NO_CONTENT)

    @route("PUT", f"{BASE}/Users/{{id}}", needs="users.write")
    def put(self, request: Request) -> object:
        user = self._user(request)
        if request.headers.get("if-match", user["meta"]["version"]) != user["meta"]["version"]:
            raise _refusal(HTTPStatus.PRECONDITION_FAILED, "another version is there")
        return self._kept(user["id"], request.json())

    @route("DELETE", f"{BASE}/Users/{{id}}", needs="users.write")
    def delete(self, request: Request) -> object:
        del self.users[self._user(request)["id"]]
        return Answer(HTTPStatus.NO_CONTENT)

    def unauthorized(self, request: Request) -> Answer:
        """Worded as RFC 7644 words errors."""
        return _error(HTTPStatus.UNAUTHORIZED, "authorization failure")

    def absent(self, request: Request) -> Answer:
        """Worded as RFC 7644 words errors."""
        return _error(HTTPStatus.NOT_FOUND, f"no resource {request.path}")

    def _user(self, request: Request) -> dict[str, Any]:
        user = self.users.get(request.params["id"])
        if user is None:
            raise Refusal(self.absent(request))
        return user

    def _kept(self, user_id: str, body: dict[str, Any]) -> dict[str, Any]:
        version = int(self.users.get(user_id, {}).get("meta", {}).get("version", 'W/"0"')[3:-1]) + 1
        changed = self.now().isoformat()
        meta = {"resourceType": "User", "lastModified": changed, "version": f'W/"{version}"'}
        self.users[user_id] = {"active": True, **body, "schemas": [_USER], "id": user_id, "meta": meta}
        return self.users[user_id]


def _error(status: int, detail: str, scim_type: str = "") -> Answer:
    body = {"schemas": [_ERROR], "detail": detail, "status": str(int(status))}
    return Answer(status, {**body, "scimType": scim_type} if scim_type else body)


def _refusal(status: int, detail: str, scim_type: str = "") -> Refusal:
    return Refusal(_error(status, detail, scim_type))
