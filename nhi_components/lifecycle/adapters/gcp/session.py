"""Reaching Google Cloud: application default credentials, REST calls, and who we are there.

The REST APIs are spoken directly: one way for all of them, with Google's own time in every answer, and without a client
that writes request bodies to its debug log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from threading import RLock
from typing import Any

import google.auth
import requests
from google.auth import impersonated_credentials
from google.auth.transport.requests import AuthorizedSession, Request

from nhi_components.core.connection import GcpConnection
from nhi_components.lifecycle.adapters.gcp.errors import NOT_FOUND, Refused, refuse, translated

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
IAM, IAM_CREDENTIALS, SECRET_MANAGER, OAUTH = "iam", "iamcredentials", "secretmanager", "oauth2"
RESOURCE_MANAGER, ASSETS, SERVICE_USAGE = "cloudresourcemanager", "cloudasset", "serviceusage"
POLICY_ANALYZER = "policyanalyzer"
"""The names of Google's APIs, as in `iam.googleapis.com`."""

Query = Mapping[str, str | Sequence[str]]
"""Of a URL: what stands there more than once has several values."""

TIMEOUT_SECONDS = (5, 15)
"""To connect, to answer. Short, because whoever calls repeats with pauses of its own."""

_TRIES = 3
_LONGEST_PAUSE_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        body: its JSON object, which may hold values.
        time: Google's own time, to the second.
    """

    body: Mapping[str, Any] = field(repr=False)
    time: datetime


class GcpSession:
    """One connection; nothing is reached before the first call.

    Every method raises `SystemUnreachable` when Google does not answer, or refuses the credentials or a permission.

    Attributes:
        name: the connection's name.
    """

    def __init__(self, name: str, connection: GcpConnection) -> None:
        self.name = name
        self._connection = connection
        self._lock = RLock()
        self._open: tuple[AuthorizedSession, str] | None = None

    @property
    def endpoint(self) -> str | None:
        """The base URL that stands in for all of Google's; None for Google's own."""
        return self._connection.endpoint

    @property
    def project(self) -> str:
        """The project of the ambient credentials: GOOGLE_CLOUD_PROJECT's, gcloud's or the key file's; may be empty."""
        return self._opened()[1]

    def url(self, api: str, path: str) -> str:
        """The URL of a path of an API."""
        return f"{self.endpoint or f'https://{api}.googleapis.com'}{path}"

    def ask(
        self,
        method: str,
        api: str,
        path: str,
        *,
        needs: str,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        holds_value: bool = False,
    ) -> Reply:
        """Call an API; again, a few times, when it is asked too often.

        Args:
            method: the HTTP method.
            api: such as `iam`.
            path: from its slash on, quoted.
            needs: the permission that it takes, for the error that its lack is.
            query: of the URL; never a credential.
            body: sent as JSON.
            headers: such as `If-Match`; never a credential.
            holds_value: whether a credential is sent, so that no text of Google's may be quoted.

        Raises:
            Refused: when Google refuses the request itself.
        """
        place = f"{method} {self.url(api, path)}"
        with translated(self.name, place):
            response = self._patiently(method, self.url(api, path), query, body, headers)
            if response.status_code >= 400:
                refuse(self.name, place, response, needs=needs, holds_value=holds_value)
            return Reply(response.json() if response.content else {}, time_of(response))

    def look(self, api: str, path: str, *, needs: str, query: Query | None = None) -> Reply | None:
        """Read something; None when it is not there."""
        try:
            return self.ask("GET", api, path, needs=needs, query=query)
        except Refused as refused:
            if refused.code != NOT_FOUND:
                raise
            return None

    def pages(
        self, api: str, path: str, field_name: str, *, needs: str, query: Query | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Read a list, page by page; nothing where there is no list.

        Args:
            api: such as `iam`.
            path: of the list.
            field_name: the answer's field that holds it.
            needs: the permission that it takes.
            query: of the URL.
        """
        asked: dict[str, str | Sequence[str]] = dict(query or {})
        while True:
            reply = self.look(api, path, needs=needs, query=asked)
            yield from reply.body.get(field_name, []) if reply else ()
            if reply is None or not reply.body.get("nextPageToken"):
                return
            asked = {**asked, "pageToken": str(reply.body["nextPageToken"])}

    def projects(self) -> list[str]:
        """Tell where to look for what bears a lease id: the connection's projects, or the ambient one; perhaps none."""
        return list(self._connection.projects) or ([self.project] if self.project else [])

    def time(self, api: str, path: str) -> datetime:
        """Tell Google's own time, asking for something that need not be there."""
        url = self.url(api, path)
        with translated(self.name, f"GET {url}"):
            response = self._patiently("GET", url, None, None)
            if response.status_code >= 400 and response.status_code != 404:
                refuse(self.name, f"GET {url}", response, needs=f"to read {path}", holds_value=False)
            return time_of(response)

    def principal(self) -> str:
        """Tell whom the credentials speak for: an e-mail address, or Google's number where a token tells none."""
        url = self.url(OAUTH, "/tokeninfo")
        with translated(self.name, f"POST {url}"):
            credentials: Any = self._opened()[0].credentials
            if not credentials.valid:
                credentials.refresh(asking())
            # In the body, because URLs end up in logs.
            answer = requests.post(url, data={"access_token": credentials.token}, timeout=TIMEOUT_SECONDS)
            if answer.status_code >= 400:
                # Google answers 400 to a token that it does not know.
                answer.status_code = 401 if answer.status_code == 400 else answer.status_code
                refuse(self.name, f"POST {url}", answer, needs="", holds_value=True)
            told = answer.json()
        known = getattr(credentials, "service_account_email", None)
        return str(told.get("email") or known or told.get("sub") or told.get("azp"))

    def _patiently(
        self,
        method: str,
        url: str,
        query: Query | None,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        session: Any = self._opened()[0]
        for attempt in range(_TRIES):
            response: requests.Response = session.request(
                method, url, params=query, json=body, headers=headers, timeout=TIMEOUT_SECONDS
            )
            pause = _pause(method, response, attempt)
            if pause is None or attempt == _TRIES - 1:
                break
            time.sleep(pause)
        return response

    def _opened(self) -> tuple[AuthorizedSession, str]:
        with self._lock:
            if self._open is None:
                with translated(self.name, "the credentials"):
                    credentials, project = google.auth.default(scopes=SCOPES)
                    if self._connection.impersonate:
                        credentials = self._acting_as(credentials, self._connection.impersonate)
                    self._open = _session_of(credentials), project or ""
            return self._open

    def _acting_as(self, source: Any, account: str) -> Any:
        path = f"/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
        endpoint = self.url("iamcredentials", path)
        acting: Any = impersonated_credentials.Credentials
        return acting(source, account, SCOPES, iam_endpoint_override=endpoint)


def _session_of(credentials: Any) -> AuthorizedSession:
    return AuthorizedSession(credentials, refresh_timeout=TIMEOUT_SECONDS[1])  # type: ignore[no-untyped-call] # google-auth has no types


def asking() -> Callable[..., Any]:
    """Make what google-auth asks token endpoints with: in less time than its own two minutes."""
    return partial(Request(), timeout=TIMEOUT_SECONDS[1])


def time_of(response: requests.Response) -> datetime:
    """Tell the time in an answer's Date header, which every server with a clock sends (RFC 9110, section 6.6.1)."""
    return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)


def _pause(method: str, response: requests.Response, attempt: int) -> float | None:
    """How long to wait before asking again; None when that is no use.

    A 429 was not carried out, so it may be repeated; a 503 perhaps was, so only a question is.
    """
    if response.status_code != 429 and not (response.status_code == 503 and method == "GET"):
        return None
    after = response.headers.get("Retry-After", "")
    pause = float(after) if after.isdigit() else _FIRST_PAUSE_SECONDS * 2**attempt
    return pause if pause <= _LONGEST_PAUSE_SECONDS else None
