"""Reaching one GitHub, and its errors as ours, without a credential in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
from github import Auth, Github, GithubException, RateLimitExceededException
from urllib3 import Retry

from nhi_components.core.connection import GitHubConnection
from nhi_components.core.errors import NhiError, Problem, SystemUnreachable

TIMEOUT_SECONDS = 15

_API = "https://api.github.com"
_LONGEST = 300
_AT_LEAST_SECONDS = 60.0
"""For how long to wait where a refusal does not tell (GitHub REST API, 'Rate limits for the REST API')."""


class Denied(SystemUnreachable):
    """GitHub answered 403: the token may not do that."""


class Throttled(SystemUnreachable):
    """The rate limit was reached, or a secondary one.

    Attributes:
        after: seconds until it may be asked again.
    """

    def __init__(self, problem: Problem, after: float) -> None:
        self.after = after
        super().__init__("github", problem)


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub answered.

    Attributes:
        data: the JSON document; None when there was none.
        at: GitHub's own time, in whole seconds.
        next: the query by which a list goes on, from the header Link; None at its end.
    """

    data: Any
    at: datetime
    next: str | None = None


class GitHubSession:
    """One connection; its token is read on first use.

    Every method raises `SystemUnreachable` when GitHub does not answer, or refuses token or permission.
    """

    def __init__(self, name: str, connection: GitHubConnection) -> None:
        self.name = name
        self._connection = connection
        self._lock = Lock()
        self._client: Github | None = None

    @property
    def host(self) -> str:
        """The host of its API, which tells one GitHub from another."""
        return urlsplit(self._address).netloc

    def get(self, path: str) -> Answer | None:
        """Read; None when there is nothing, or the token may not know that there is."""
        return self._ask("GET", path)

    def put(self, path: str, body: Mapping[str, Any]) -> Answer | None:
        """Write; None when what it would be written into is not there."""
        return self._ask("PUT", path, dict(body))

    def post(self, path: str, body: Mapping[str, Any]) -> Answer | None:
        """Have something done; None when what it would be done to is not there."""
        return self._ask("POST", path, dict(body))

    def delete(self, path: str) -> None:
        """Delete; what is not there is fine."""
        self._ask("DELETE", path)

    def unreachable(self, got: str, expected: str, fix: str) -> SystemUnreachable:
        """Tell that GitHub cannot be used through this connection."""
        return SystemUnreachable("github", Problem(f"github.{self.name}", got, expected, fix))

    def _ask(self, verb: str, path: str, body: dict[str, Any] | None = None) -> Answer | None:
        with self._translated(f"{verb} {path}"):
            try:
                headers, data = self._opened().requester.requestJsonAndCheck(verb, path, input=body)
            except GithubException as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return None
                raise
        told = headers.get("date")
        if not told:
            raise self.unreachable("an answer without a Date", "GitHub's answer", "check what is between")
        return Answer(data, parsedate_to_datetime(told), _next_in(headers.get("link", "")))

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except GithubException as error:
            raise self._refusal(doing, error) from None
        except requests.exceptions.RequestException as error:
            fix = "check the network, and the connection's endpoint or GITHUB_API_URL"
            got = f"no answer from {self._address} ({type(error).__name__}), {doing}"
            raise self.unreachable(got, "GitHub's API", fix) from None

    def _refusal(self, doing: str, error: GithubException) -> NhiError:
        if _is_throttled(error):
            after = _wait_told(error.headers or {})
            fix = f"try again once the limit resets, in {after:.0f} seconds, or use a token of its own"
            return Throttled(
                Problem(f"github.{self.name}", f"the rate limit was reached, {doing}", "an answer", fix), after
            )
        told = str((error.data or {}).get("message", "") if isinstance(error.data, dict) else "")[:_LONGEST]
        got = f"{error.status}, {doing}: {told}"
        match error.status:
            case HTTPStatus.UNAUTHORIZED:
                fix = f"put a valid token into {self._connection.token_variable}"
                return self.unreachable(got, "a token that GitHub accepts", fix)
            case HTTPStatus.FORBIDDEN:
                fix = (
                    "give the token the repository permission 'Secrets' (for an environment, 'Environments'), to write"
                )
                return Denied("github", Problem(f"github.{self.name}", got, "leave to do so", fix))
            case _ if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                return self.unreachable(got, "an answer", "see githubstatus.com, and try again later")
            case _:
                return NhiError(f"github.{self.name}: {got}; expected it to be accepted; fix: correct what it names")

    def _opened(self) -> Github:
        with self._lock:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    def _new_client(self) -> Github:
        variable = self._connection.token_variable
        token = os.environ.get(variable)
        if not token:
            raise self.unreachable(f"{variable} is not set", "a token", f"set {variable}")
        # PyGithub's own retries would sit out a rate limit, for an hour if need be; the services repeat by themselves.
        retry = Retry(
            total=2,
            backoff_factor=0.2,
            status_forcelist=(502, 503, 504),
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        return Github(
            auth=Auth.Token(token),
            base_url=self._address,
            timeout=TIMEOUT_SECONDS,
            retry=retry,
            seconds_between_requests=None,
            seconds_between_writes=None,
        )

    @property
    def _address(self) -> str:
        return (self._connection.endpoint or os.environ.get("GITHUB_API_URL") or _API).rstrip("/")


def _next_in(link: str) -> str | None:
    """Find the query of the next page; the rest of its URL is ours to say (REST API, 'Using pagination')."""
    found = re.search(r'<([^>]*)>;\s*rel="next"', link)
    return urlsplit(found[1]).query if found else None


def _is_throttled(error: GithubException) -> bool:
    if isinstance(error, RateLimitExceededException) or error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    return error.status == HTTPStatus.FORBIDDEN and "retry-after" in (error.headers or {})


def _wait_told(headers: Mapping[str, str]) -> float:
    """Tell how long to wait by GitHub's own clock, as 'Rate limits for the REST API' has it."""
    after, resets, date = (headers.get(name, "") for name in ("retry-after", "x-ratelimit-reset", "date"))
    if after.isdecimal():
        return float(after)
    if headers.get("x-ratelimit-remaining") == "0" and resets.isdecimal() and date:
        return max(float(resets) - parsedate_to_datetime(date).timestamp(), 1.0)
    return _AT_LEAST_SECONDS
