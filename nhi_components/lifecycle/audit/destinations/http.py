"""Events to an HTTP collector: a batch a request, compressed, as a JSON array or as lines of JSON."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import requests
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from nhi_components.core.errors import Problem
from nhi_components.lifecycle.audit.destinations.ports import Busy, Refused
from nhi_components.lifecycle.audit.trail import Outgoing

TIMEOUT: Final = (10.0, 60.0)
"""Seconds to connect, and to be answered."""

_PASSING: Final = frozenset({408, 425, 429})
"""Client errors that may be over later (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4)."""
_READ: Final = 65_536
_UNTRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
"""How OpenSSL calls it, within what wraps its error."""


@dataclass(frozen=True, slots=True)
class Collector:
    """How a collector is spoken to.

    Attributes:
        url: where events are posted to.
        authorization: the environment variable with the value of the header Authorization; None to send none.
        lines: send lines of JSON rather than an array.
        authority: file with the certificates to trust; None for those of the environment.
        certificate: file with our own certificate and its key; None for none.
    """

    url: str
    authorization: str | None = None
    lines: bool = False
    authority: str | None = None
    certificate: str | None = None


class HttpDestination:
    """One collector."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._session = requests.Session()
        # A proxy of the environment would get in clear what is meant for loopback.
        self._session.trust_env = collector.url.startswith("https:")

    @property
    def name(self) -> str:
        """The collector's URL."""
        return self._collector.url

    def send(self, events: Sequence[Outgoing]) -> None:
        """Post one batch; 200 to 299 says that it is taken."""
        kind = "application/x-ndjson" if self._collector.lines else "application/json"
        lines = [event.line for event in events]
        content = b"\n".join([*lines, b""]) if self._collector.lines else b"[" + b",".join(lines) + b"]"
        try:
            with self._session.post(
                self._collector.url,
                data=gzip.compress(content, mtime=0),
                headers={"Content-Type": kind, "Content-Encoding": "gzip"},
                auth=self._authorize,
                verify=self._collector.authority or True,
                cert=self._collector.certificate,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as answer:
                answer.raw.read(_READ)
                self._judge(answer.status_code, answer.headers.get("Retry-After"))
        except (requests.exceptions.RequestException, HTTPError) as error:
            if isinstance(error, requests.exceptions.SSLError) and _UNTRUSTED in str(error):
                fix = "name the authority of its certificate with --ca or REQUESTS_CA_BUNDLE"
                raise Refused(self._problem("no certificate that is trusted", "one we can check", fix)) from None
            got, fix = f"no answer ({type(error).__name__})", "start it, or correct its URL"
            raise Busy(self._problem(got, f"one within {TIMEOUT[1]:g} s", fix)) from None

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the header as `auth`: it would lose against what a .netrc file says of the host otherwise."""
        variable = self._collector.authorization
        if variable is None:
            return request
        value = os.environ.get(variable, "").strip()
        if not value or not value.isascii() or not value.isprintable():
            got = f"{variable} {'holds more than one line of text' if value else 'is not set'}"
            fix = f"set {variable} to the header's whole value, such as `Bearer …` or `Splunk …`"
            raise Refused(self._problem(got, "the value of the header Authorization in it", fix))
        request.headers["Authorization"] = value
        return request

    def _judge(self, status: int, retry_after: str | None) -> None:
        if 200 <= status < 300:
            return
        if status in _PASSING or status >= 500:
            fix = "see its log, and run the same command again later"
            raise Busy(self._problem(f"status {status}", "a status of 200 to 299", fix), _seconds(retry_after))
        advice = {
            401: f"renew what {self._collector.authorization or 'the variable of --authorization-from'} holds",
            403: "allow the sender to post events there",
            404: "correct the URL",
            413: "make the batches smaller with --batch, or have its limit raised",
        }
        fix = advice.get(status, "see its log for what it does not like, and its manual for what it takes")
        fix = "give the URL that answers itself: nothing is sent to another place" if status < 400 else fix
        raise Refused(self._problem(f"status {status}", "a status of 200 to 299", fix))

    def _problem(self, got: str, expected: str, fix: str) -> Problem:
        return Problem(self._collector.url, got, expected, fix)


def _seconds(retry_after: str | None) -> float | None:
    """Read a Retry-After, in seconds or as a date; None when there is none that can be read."""
    try:
        return Retry().parse_retry_after(retry_after) if retry_after else None
    except InvalidHeader:
        return None
