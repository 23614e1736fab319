"""Reaching one GitLab, and its errors as ours, without a credential in them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from threading import Lock
from typing import Any

import requests
from gitlab import Gitlab
from gitlab.exceptions import GitlabError

from nhi_components.core.connection import GitLabConnection
from nhi_components.core.errors import NhiError, Problem, SystemUnreachable
from nhi_components.lifecycle.adapters.quoting import quotes

TIMEOUT_SECONDS = 15

_HERE = "https://gitlab.com"
_JOB_TOKEN = "CI_JOB_TOKEN"  # noqa: S105 - a variable's name
_NO_VARIABLE = "Variable Not Found"
_LONGEST = 300


class Denied(SystemUnreachable):
    """GitLab answered 403: the token may not do that."""


class GitLabSession:
    """One connection; its token is read on first use.

    Every method raises `SystemUnreachable` when GitLab does not answer, or refuses token or permission.
    """

    def __init__(self, name: str, connection: GitLabConnection) -> None:
        self.name = name
        self._connection = connection
        self._lock = Lock()
        self._client: Gitlab | None = None

    @property
    def address(self) -> str:
        """Its URL, which tells one GitLab from another."""
        return (self._connection.endpoint or os.environ.get("CI_SERVER_URL") or _HERE).rstrip("/")

    def who(self) -> str:
        """Tell whom the token speaks for: a user, the bot of a project, or the user whose job it is."""
        if self._connection.token_variable == _JOB_TOKEN:
            return f"a job of {self.get('/job')['user']['username']}"
        return str(self.get("/user")["username"])

    def get(self, path: str) -> dict[str, Any]:
        """Read an object that must be there."""
        with self._translated(f"GET {path}"):
            found: Any = self._opened().http_get(path, obey_rate_limit=False)
        return dict(found)

    def variable(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """Read a variable; None when there is none in a project that is there."""
        with self._translated(f"GET {path}"):
            try:
                found: Any = self._opened().http_get(path, query_data=dict(query), obey_rate_limit=False)
            except GitlabError as error:
                if not _tells_no_variable(error):
                    raise
                return None
        return dict(found)

    def pages(self, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """List, through all pages."""
        with self._translated(f"GET {path}"):
            found = self._opened().http_list(path, query_data=dict(query), iterator=True, obey_rate_limit=False)
            return [dict(each) for each in found]

    def create(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a variable; its value is in no error."""
        with self._translated(f"POST {path}", str(body["value"])):
            made: Any = self._opened().http_post(path, post_data=dict(body), obey_rate_limit=False)
        return dict(made)

    def update(self, path: str, query: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        """Change a variable, which must be there; its value is in no error."""
        with self._translated(f"PUT {path}", str(body["value"])):
            made: Any = self._opened().http_put(
                path, query_data=dict(query), post_data=dict(body), obey_rate_limit=False
            )
        return dict(made)

    def delete_variable(self, path: str, query: Mapping[str, str]) -> None:
        """Delete a variable; one that is not there is fine."""
        with self._translated(f"DELETE {path}"):
            try:
                self._opened().http_delete(path, query_data=dict(query), obey_rate_limit=False)
            except GitlabError as error:
                if not _tells_no_variable(error):
                    raise

    def unreachable(self, got: str, expected: str, fix: str) -> SystemUnreachable:
        """Tell that GitLab cannot be used through this connection."""
        return SystemUnreachable("gitlab", Problem(f"gitlab.{self.name}", got, expected, fix))

    @contextmanager
    def _translated(self, doing: str, *sent: str) -> Iterator[None]:
        try:
            yield
        except GitlabError as error:
            told = str(error.error_message)
            shown = "" if quotes(told, sent) else f": {told[:_LONGEST]}"
            raise self._refusal(f"{doing}{shown}", error) from None
        except requests.exceptions.RequestException as error:
            fix = "check the network, and the connection's endpoint or CI_SERVER_URL"
            got = f"no answer from {self.address} ({type(error).__name__}), {doing}"
            raise self.unreachable(got, "GitLab's API", fix) from None

    def _refusal(self, doing: str, error: GitlabError) -> NhiError:
        status = int(error.response_code or 0)
        got = f"{status}, {doing}"
        match status:
            case HTTPStatus.UNAUTHORIZED:
                fix = f"put a valid token into {self._connection.token_variable}"
                return self.unreachable(got, "a token that GitLab accepts", fix)
            case HTTPStatus.FORBIDDEN:
                fix = "give the token's user the role Maintainer in the project, and the token the scope `api`"
                return Denied("gitlab", Problem(f"gitlab.{self.name}", got, "leave to do so", fix))
            case HTTPStatus.NOT_FOUND:
                # GitLab answers so for what the token may not see, too: it must not count as gone.
                return self.unreachable(got, "a project that the token may see", "correct it, or add the token's user")
            case HTTPStatus.TOO_MANY_REQUESTS:
                return self.unreachable(got, "an answer", "try again later")
            case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR or not status:
                return self.unreachable(got, "an answer", "see GitLab's status, and try again later")
            case _:
                return NhiError(f"gitlab.{self.name}: {got}; expected it to be accepted; fix: correct what it names")

    def _opened(self) -> Gitlab:
        with self._lock:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    def _new_client(self) -> Gitlab:
        variable = self._connection.token_variable
        token = os.environ.get(variable)
        if not token:
            raise self.unreachable(f"{variable} is not set", "a token", f"set {variable}")
        kind = "job_token" if variable == _JOB_TOKEN else "private_token"
        return Gitlab(self.address, **{kind: token}, timeout=TIMEOUT_SECONDS)  # type: ignore[arg-type] # one of two


def _tells_no_variable(error: GitlabError) -> bool:
    """Tell a variable that is not there from a project that is not, or that the token may not see."""
    return error.response_code == HTTPStatus.NOT_FOUND and _NO_VARIABLE in str(error.error_message)
