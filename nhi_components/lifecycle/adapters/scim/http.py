"""Requests to one SCIM service: JSON in, JSON out, absence as None, errors as ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from nhi_components.core.connection import ScimConnection
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.web import Reply, Web

CONTENT_TYPE = "application/scim+json"
TIMEOUT_SECONDS = 30.0
_LONGEST_DETAIL = 200


class ScimRefused(NhiError):
    """The service understood a request and refuses it.

    Attributes:
        status: the HTTP status.
        scim_type: the service's keyword for what is wrong, such as `uniqueness`; empty when it gives none.
    """

    def __init__(self, text: str, status: int, scim_type: str) -> None:
        self.status, self.scim_type = status, scim_type
        super().__init__(text)


class ScimHttp:
    """One service as the connection's token sees it.

    Every method raises `SystemUnreachable` when it does not answer or refuses the token, and `ScimRefused` otherwise.
    """

    def __init__(self, name: str, connection: ScimConnection) -> None:
        self.place = f"{System.SCIM}.{name}"
        self.endpoint = connection.endpoint
        self.token_variable = connection.token_variable
        self._web = Web(System.SCIM, self.place, connection.token_variable, CONTENT_TYPE, TIMEOUT_SECONDS)

    def read(self, *path: str, **query: str) -> dict[str, Any] | None:
        """Read a resource; None when there is none."""
        reply, told = self._send("GET", path, query=query)
        return None if reply.status == HTTPStatus.NOT_FOUND else self._content(reply, told)

    def create(self, body: Mapping[str, Any], *path: str) -> dict[str, Any]:
        """Create a resource, and return it as the service made it."""
        return self._content(*self._send("POST", path, body))

    def patch(self, body: Mapping[str, Any], *path: str) -> None:
        """Change a part of a resource."""
        self._content(*self._send("PATCH", path, body))

    def replace(self, body: Mapping[str, Any], *path: str, version: str | None) -> None:
        """Replace a resource, unless another version of it is there meanwhile."""
        self._content(*self._send("PUT", path, body, headers={"If-Match": version} if version else None))

    def delete(self, *path: str) -> None:
        """Delete a resource; one that is not there counts as deleted."""
        reply, told = self._send("DELETE", path)
        if reply.status != HTTPStatus.NOT_FOUND:
            self._content(reply, told)

    def unreachable(self, got: str, expected: str, fix: str) -> SystemUnreachable:
        """Make the error that names this connection."""
        return self._web.unreachable(got, expected, fix)

    def _send(
        self,
        method: str,
        path: tuple[str, ...],
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Reply, str]:
        url = "/".join([self.endpoint, *(quote(part, safe="") for part in path)])
        content = json.dumps(body).encode() if body is not None else None
        return self._web.send(method, url, content, query=query, headers=headers), f"{method} {url}"

    def _content(self, reply: Reply, told: str) -> dict[str, Any]:
        content = _object(reply.body)
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise self._refused(reply.status, content or {}, told)
        if content is None and reply.body:
            raise NhiError(
                f"{self.place}: {told} answered something that is no JSON object; expected SCIM 2.0; "
                "fix: correct the connection's endpoint, which usually ends with /scim/v2"
            )
        return content or {}

    def _refused(self, status: int, error: Mapping[str, Any], told: str) -> ScimRefused:
        scim_type = str(error.get("scimType", ""))
        detail = " ".join(str(error.get("detail", "no reason given")).split())[:_LONGEST_DETAIL]
        keyword = f" ({scim_type})" if scim_type else ""
        text = f"{self.place}: {told} was refused with {status}{keyword}: {detail}; expected it to be done; "
        return ScimRefused(f"{text}fix: allow or correct it at the identity provider", status, scim_type)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
