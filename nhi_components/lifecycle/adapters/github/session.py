"""Reaching one GitHub, and its errors as ours, without a credential in them."""

from __future__ import annotations

import os
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


class Denied(SystemUnreachable):
    """GitHub answered 403: the token may not do that."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub answered.

    Attributes:
        data: the JSON document; None when there was none.
        at: GitHub's own time, in whole seconds.
    """

    data: Any
    at: datetime


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
        return Answer(data, parsedate_to_datetime(told))

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except RateLimitExceededException as error:
            resets = (error.headers or {}).get("x-ratelimit-reset", "later")
            fix = f"try again once the limit resets (Unix time {resets}), or use a token of its own"
            raise self.unreachable(f"the rate limit was reached, {doing}", "an answer", fix) from None
        except GithubException as error:
            raise self._refusal(doing, error) from None
        except requests.exceptions.RequestException as error:
            fix = "check the network, and the connection's endpoint or GITHUB_API_URL"
            got = f"no answer from {self._address} ({type(error).__name__}), {doing}"
            raise self.unreachable(got, "GitHub's API", fix) from None

    def _refusal(self, doing: str, error: GithubException) -> NhiError:
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
            case HTTPStatus.TOO_MANY_REQUESTS:
                return self.unreachable(got, "an answer", "try again later")
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
        retry = Retry(total=2, backoff_factor=0.2, status_forcelist=(502, 503, 504), raise_on_status=False)
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
