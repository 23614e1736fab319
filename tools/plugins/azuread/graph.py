"""Microsoft Graph as the real provider uses it: tokens, errors, retries."""

from __future__ import annotations

import base64
import json
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from threading import Lock
from typing import Any

from tools.plugins.azure.settings import Settings
from tools.plugins.azure.tokens import Tokens
from tools.plugins.resource import PluginError
from tools.plugins.rest import Reply, send

AUDIENCE = "https://graph.microsoft.com"
_RETRIED = frozenset({429, 500, 502, 503, 504})
_PAUSES = (0.5, 1.0, 2.0, 4.0)


class GraphError(PluginError):
    """Microsoft Graph refused a call.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)

    def during(self, what: str) -> GraphError:
        """Say what failed because of it, as the real provider does."""
        return GraphError(self.status, f"{what}: {self}")


class Graph:
    """Calls with one configuration; safe for many threads.

    Attributes:
        settings: the configuration.
        tokens: of who speaks.
        sleep: how it waits.
    """

    def __init__(self, settings: Settings, sleep: Callable[[float], None] = time.sleep) -> None:
        self.settings, self.sleep = settings, sleep
        self.tokens = Tokens(settings)
        self._locks: dict[str, Lock] = defaultdict(Lock)
        self._guard = Lock()

    @property
    def caller(self) -> str:
        """The object id of who speaks, as the token tells it."""
        payload = self.tokens.of(AUDIENCE).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["oid"])

    def lock(self, key: str) -> Lock:
        """The lock of one application, whose credentials are written one after the other."""
        with self._guard:
            return self._locks[key]

    def object_url(self, object_id: str) -> str:
        """Name an object of the directory, as a reference does."""
        return f"{self.tokens.endpoints.graph}/v1.0/directoryObjects/{object_id}"

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        retried: Collection[int] = (),
    ) -> dict[str, Any]:
        """Make a call; what is throttled or fails on Microsoft's side is tried again.

        Args:
            method: in capitals.
            path: with its version, such as `/v1.0/applications`.
            body: to be sent as JSON; None for none.
            query: its fields.
            retried: further statuses to try again at, such as 404 of what is not replicated yet.

        Raises:
            GraphError: Graph refuses it.
        """
        for pause in (*_PAUSES, None):
            headers = {"Authorization": f"Bearer {self.tokens.of(AUDIENCE)}", "Accept": "application/json"}
            url = self.tokens.endpoints.graph + path
            reply = send(method, url, query=query or {}, body=body, headers=headers)
            if reply.status < HTTPStatus.BAD_REQUEST:
                return dict(reply.body)
            if pause is None or not (reply.status in _RETRIED or reply.status in retried):
                raise _error_of(reply)
            self.sleep(float(reply.headers.get("retry-after", 0)) or pause)
        raise AssertionError("unreachable")

    def find(self, path: str) -> dict[str, Any] | None:
        """Read something; None when it is gone."""
        try:
            return self.call("GET", path)
        except GraphError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def delete(self, path: str) -> None:
        """Delete something, and wait until it is gone.

        Raises:
            GraphError: Graph refuses it; also where there is nothing.
        """
        self.call("DELETE", path)
        for pause in _PAUSES:
            if self.find(path) is None:
                return
            self.sleep(pause)
        raise PluginError(f"Waiting for deletion of {path}: it is still there")


def _error_of(reply: Reply) -> GraphError:
    error = reply.body.get("error") or {} if isinstance(reply.body, dict) else {}
    phrase = HTTPStatus(reply.status).phrase
    told = f" with error: {error['code']}: {error.get('message', '')}" if error.get("code") else ""
    return GraphError(reply.status, f"unexpected status {reply.status} ({reply.status} {phrase}){told}")
