"""Requests to services that are reached by plain HTTP and a bearer token: web hooks, SCIM.

Certificates are checked, redirects are not followed, answers are limited in size and time, and nothing of a request or
an answer, least of all a token, is ever part of an error.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from nhi_components.core.errors import Problem, SystemUnreachable
from nhi_components.core.links import System

MOST_BYTES = 1_048_576
"""How long an answer may be: our own figure, far above what any of them needs."""

CONNECT_SECONDS = 5.0
PATIENCE_SECONDS = 15.0
"""For how long a service is asked again that says it is asked too often."""

_TOKEN = re.compile(r"[\x21-\x7e]+", re.ASCII)
_CHUNK = 65_536
_BUSY, _NEVER = 429, 501
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0


class Denied(SystemUnreachable):
    """A service answered 401 or 403: it refuses the token, or what was asked with it.

    Attributes:
        status: which of them.
    """

    def __init__(self, system: System, problem: Problem, status: int) -> None:
        self.status = status
        super().__init__(system, problem)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service answered: 200 to 299; 400 to 499 but for 401, 403 and 429; 501, which says that it never will.

    Attributes:
        status: the HTTP status.
        body: as it came; it may hold values.
    """

    status: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Web:
    """One service.

    Attributes:
        system: the kind of system that it is.
        place: the path that problems name, such as `scim.default`.
        token_variable: the environment variable with its bearer token; None: it asks for none.
        content_type: of what is sent and accepted.
        timeout_seconds: how long one answer may take.
    """

    system: System
    place: str
    token_variable: str | None
    content_type: str
    timeout_seconds: float
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def send(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request; again, for a while, when the service says that it is asked too often.

        Raises:
            Denied: for 401 and 403.
            SystemUnreachable: no token, no answer in time, a redirect, an answer too long, 429 that stays, 5xx.
        """
        _refuse_in_clear(self, url)
        asked = _Asked(self, method, url, content, query or {}, headers or {}, self._token())
        end = time.monotonic() + PATIENCE_SECONDS
        pause = _FIRST_PAUSE
        while True:
            status, body, after = asked.once()
            wait = pause if after is None else after
            if status != _BUSY or time.monotonic() + wait > end:
                return self._judged(status, body, asked.told)
            self.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def unreachable(self, got: str, expected: str, fix: str) -> SystemUnreachable:
        """Make the error that names this service."""
        return SystemUnreachable(self.system, Problem(self.place, got, expected, fix))

    def _token(self) -> str | None:
        if self.token_variable is None:
            return None
        token = os.environ.get(self.token_variable, "").strip()
        if not token:
            fix = f"set {self.token_variable} to the service's bearer token"
            raise self.unreachable(f"{self.token_variable} is not set", "a bearer token in it", fix)
        if not _TOKEN.fullmatch(token):
            fix = f"set {self.token_variable} to the token alone"
            raise self.unreachable(f"{self.token_variable} holds more than a token", "no space or line break", fix)
        return token

    def _judged(self, status: int, body: bytes, told: str) -> Reply:
        if status in (401, 403):
            named = f"the token in {self.token_variable}" if self.token_variable else "no token"
            expected, fix = "a token that may do so", f"renew {self.token_variable}, or allow its holder what was asked"
            if self.token_variable is None:
                fix = "name the environment variable that holds the token: `token_variable`"
            raise Denied(self.system, Problem(self.place, f"{status} from {told} with {named}", expected, fix), status)
        if status == _BUSY:
            fix = "run the same command again later, or have the service's limit raised"
            raise self.unreachable(f"429 from {told}, also after waiting", "an answer", fix)
        if 300 <= status < 400:
            fix = "give the URL that answers itself: no token is sent to another place"
            raise self.unreachable(f"{status}, a redirect, from {told}", "an answer from there", fix)
        if not 200 <= status < 500 and status != _NEVER:
            raise self.unreachable(f"{status} from {told}", "an answer", "see the service's log, and try again later")
        return Reply(status, body)


@dataclass(frozen=True, slots=True)
class _Asked:
    web: Web
    method: str
    url: str
    content: bytes | None = field(repr=False)
    query: Mapping[str, str]
    headers: Mapping[str, str]
    token: str | None = field(repr=False)

    @property
    def told(self) -> str:
        return f"{self.method} {self.url}"

    def once(self) -> tuple[int, bytes, float | None]:
        """Ask once: status, body, and after how many seconds the service wants to be asked again."""
        end = time.monotonic() + self.web.timeout_seconds
        try:
            with requests.Session() as session, self._sent(session) as answer:
                return answer.status_code, self._body(answer, end), _after(answer.headers)
        except requests.exceptions.SSLError:
            fix = "have it show a certificate that is trusted here, or name its authority in REQUESTS_CA_BUNDLE"
            raise self.web.unreachable(f"no trusted certificate from {self.told}", "one we can check", fix) from None
        except (requests.exceptions.RequestException, HTTPError) as error:
            fix = "start it, or correct its URL"
            got = f"no answer from {self.told} ({type(error).__name__})"
            raise self.web.unreachable(got, f"one within {self.web.timeout_seconds:g} s", fix) from None

    def _sent(self, session: requests.Session) -> requests.Response:
        # A proxy of the environment would get in clear what is meant for loopback.
        session.trust_env = self.url.startswith("https:")
        kind = {"Accept": self.web.content_type}
        if self.content is not None:
            kind["Content-Type"] = self.web.content_type
        return session.request(
            self.method,
            self.url,
            params=dict(self.query),
            data=self.content,
            headers={**kind, **self.headers},
            auth=self._authorize,
            timeout=(CONNECT_SECONDS, self.web.timeout_seconds),
            allow_redirects=False,
            stream=True,
        )

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the token as `auth`: a header alone would lose against what a .netrc file says of the host."""
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def _body(self, answer: requests.Response, end: float) -> bytes:
        parts, length = list[bytes](), 0
        # As it comes: a whole chunk would be waited for, however slowly it is sent.
        while chunk := answer.raw.read1(_CHUNK, decode_content=True):
            length += len(chunk)
            if length > MOST_BYTES:
                fix = "have it answer with what was asked for only"
                raise self.web.unreachable(f"a longer answer from {self.told}", f"at most {MOST_BYTES:,} bytes", fix)
            if time.monotonic() > end:
                raise requests.exceptions.ReadTimeout
            parts.append(chunk)
        return b"".join(parts)


def _after(headers: CaseInsensitiveDict[str]) -> float | None:
    told = headers.get("Retry-After", "")
    return float(told) if told.isascii() and told.isdigit() else None


def _refuse_in_clear(web: Web, url: str) -> None:
    split = urlsplit(url)
    if split.scheme == "https" or _is_loopback(split.hostname or ""):
        return
    fix = f"write https://{split.hostname}, or let it listen on 127.0.0.1 only"
    raise web.unreachable(f"http to {split.hostname}", "https: tokens and values pass there", fix)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
