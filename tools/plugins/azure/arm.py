"""Azure Resource Manager as the real provider uses it: tokens, errors, retries, long-running operations."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tools.plugins.azure.settings import Settings
from tools.plugins.azure.tokens import Tokens
from tools.plugins.resource import PluginError
from tools.plugins.rest import Reply, send

AUDIENCE = "https://management.azure.com"
_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_BUSY = "AnotherOperationInProgress"
_PAUSES = (0.5, 1.0, 2.0)
"""The real provider waits for 20, 60 and 120 seconds."""
_POLL_PAUSE = 0.2
"""The real provider waits for 10 seconds, and for 30 while it deletes."""
_DONE = "succeeded"
_FAILED = ("failed", "canceled")


class ArmError(PluginError):
    """Azure refused a call.

    Attributes:
        status: the HTTP status.
        code: Azure's code, such as `AuthorizationFailed`; empty for none.
        body: what was answered.
    """

    def __init__(self, status: int, code: str, message: str, body: Any = None) -> None:
        self.status, self.code, self.body = status, code, body
        named = f' Code="{code}"' if code else ""
        super().__init__(f'Status={status}{named} Message="{message}"')


class Arm:
    """Calls with one configuration; safe for many threads.

    Attributes:
        settings: the configuration.
        tokens: of who speaks.
        sleep: how it waits.
    """

    def __init__(self, settings: Settings, sleep: Callable[[float], None] = time.sleep) -> None:
        self.settings, self.sleep = settings, sleep
        self.tokens = Tokens(settings)
        self._locations: dict[str, str] = {}

    def get(self, id_: str, version: str) -> dict[str, Any]:
        """Read something by its resource id.

        Raises:
            ArmError: Azure refuses it; 404 where there is nothing.
        """
        return dict(self._ask("GET", id_, version).body)

    def find(self, id_: str, version: str) -> dict[str, Any] | None:
        """Read something; None when it is gone."""
        try:
            return self.get(id_, version)
        except ArmError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def put(self, id_: str, version: str, body: Any, *, long_running: bool) -> dict[str, Any]:
        """Make or change something, and wait until that is through; what is answered in the end.

        Raises:
            ArmError: Azure refuses it, or fails at it.
        """
        reply = self._ask("PUT", id_, version, body)
        # A 202 is waited for whatever the API's description says.
        if not long_running and reply.status != HTTPStatus.ACCEPTED:
            return dict(reply.body)
        return self._finish("PUT", id_, version, reply)

    def delete(self, id_: str, version: str, *, long_running: bool) -> None:
        """Delete something, and wait until that is through; that it is gone already is as good.

        Raises:
            ArmError: Azure refuses it, or fails at it.
        """
        try:
            reply = self._ask("DELETE", id_, version)
            if long_running:
                self._finish("DELETE", id_, version, reply)
        except ArmError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def location_of_group(self, name: str) -> str:
        """Tell where a resource group lies; empty when that can't be told."""
        if name not in self._locations:
            try:
                found = self.get(f"/subscriptions/{self.settings.subscription}/resourceGroups/{name}", "2020-10-01")
            except ArmError:
                return ""
            self._locations[name] = str(found.get("location", ""))
        return self._locations[name]

    def _finish(self, method: str, id_: str, version: str, reply: Reply) -> dict[str, Any]:
        """Poll as azcore does: by Azure-AsyncOperation, else by Location, else by the resource's own state."""
        if url := reply.headers.get("azure-asyncoperation"):
            self._poll(url, lambda polled: polled.body.get("status"))
            return self.get(id_, version) if method == "PUT" else {}
        if url := reply.headers.get("location"):
            while reply.status == HTTPStatus.ACCEPTED:
                self._pause(reply)
                reply = self._ask_url("GET", url)
            return dict(reply.body)
        if method == "DELETE" or _is_done(reply):
            return dict(reply.body)
        here = f"{self.tokens.endpoints.manager}{id_}?api-version={version}"
        return dict(self._poll(here, _state_of).body)

    def _poll(self, url: str, state_of: Callable[[Reply], Any]) -> Reply:
        while True:
            reply = self._ask_url("GET", url)
            state = str(state_of(reply) or _DONE).lower()
            if state == _DONE:
                return reply
            if state in _FAILED:
                raise _error_of(reply)
            self._pause(reply)

    def _pause(self, reply: Reply) -> None:
        self.sleep(float(reply.headers.get("retry-after", 0)) or _POLL_PAUSE)

    def _ask(self, method: str, id_: str, version: str, body: Any = None) -> Reply:
        return self._ask_url(method, f"{self.tokens.endpoints.manager}{id_}?api-version={version}", body)

    def _ask_url(self, method: str, url: str, body: Any = None) -> Reply:
        split = urlsplit(url)
        address, query = f"{split.scheme}://{split.netloc}{split.path}", dict(parse_qsl(split.query))
        for pause in (*_PAUSES, None):
            headers = {"Authorization": f"Bearer {self.tokens.of(AUDIENCE)}", "Accept": "application/json"}
            reply = send(method, address, query=query, body=body, headers=headers)
            if reply.status < HTTPStatus.BAD_REQUEST:
                return reply
            error = _error_of(reply)
            if pause is None or not (reply.status in _RETRIED or error.code == _BUSY):
                raise error
            self.sleep(float(reply.headers.get("retry-after", 0)) or pause)
        raise AssertionError("unreachable")


def _state_of(reply: Reply) -> Any:
    return (reply.body.get("properties") or {}).get("provisioningState")


def _is_done(reply: Reply) -> bool:
    state = _state_of(reply)
    return str(state).lower() == _DONE if state else reply.status != HTTPStatus.CREATED


def _error_of(reply: Reply) -> ArmError:
    told = reply.body.get("error") if isinstance(reply.body, dict) else None
    error = told if isinstance(told, dict) else {}
    message = error.get("message") or HTTPStatus(reply.status).phrase
    return ArmError(reply.status, str(error.get("code") or ""), str(message), reply.body)
