"""JSON over HTTP or TLS to a double on loopback, and to nothing else."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from tools.plugins.resource import PluginError

_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered.

    Attributes:
        status: the HTTP status.
        body: the JSON; an empty object for none.
        headers: by name in small letters.
    """

    status: int
    body: Any
    headers: Mapping[str, str]


def is_loopback(url: str, scheme: str = "http") -> bool:
    """Tell whether a URL leads to this machine itself, by plain HTTP or by another scheme."""
    split = urlsplit(url)
    if split.scheme != scheme or not split.hostname:
        return False
    try:
        return ipaddress.ip_address(split.hostname).is_loopback
    except ValueError:
        return split.hostname == "localhost"


def send(method: str, url: str, *, query: Mapping[str, str], body: Any = None, headers: Mapping[str, str]) -> Reply:
    """Send one request; whatever the status, the reply is returned.

    Args:
        method: in capitals.
        url: without a query.
        query: its fields.
        body: sent as JSON; bytes as they are; None for none.
        headers: beside the usual ones.

    Raises:
        PluginError: the address is not on loopback, nobody answers there, or the answer is no JSON.
    """
    if not (is_loopback(url) or is_loopback(url, "https")):
        raise PluginError(f"{method} {url}: this is a stand-in for tests, and speaks to doubles on loopback alone")
    target = urlsplit(url).path + (f"?{urlencode(query)}" if query else "")
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    kind = {} if content is None else {"Content-Type": "application/json"}
    connection = _connection(url)
    try:
        connection.request(method, target, content, {**kind, **headers})
        response = connection.getresponse()
        text = response.read()
        return Reply(
            response.status,
            json.loads(text) if text else {},
            {name.lower(): value for name, value in response.getheaders()},
        )
    except (OSError, http.client.HTTPException) as error:
        raise PluginError(f"{method} {url}: no answer ({type(error).__name__})") from None
    except ValueError:
        raise PluginError(f"{method} {url}: the answer is no JSON") from None
    finally:
        connection.close()


def _connection(url: str) -> http.client.HTTPConnection:
    split = urlsplit(url)
    if split.scheme == "https":
        context = _context(os.environ.get("SSL_CERT_FILE", ""))
        return http.client.HTTPSConnection(split.hostname or "", split.port, timeout=_SECONDS, context=context)
    return http.client.HTTPConnection(split.hostname or "", split.port or 80, timeout=_SECONDS)


@cache
def _context(authority: str) -> ssl.SSLContext:
    """Whom to believe who a server is: the usual ones, or those of SSL_CERT_FILE, as a plugin in Go does."""
    return ssl.create_default_context(cafile=authority or None)
