"""Google's REST APIs as the real provider uses them: tokens, errors, retries, long-running operations."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from http import HTTPStatus
from threading import Lock
from typing import Any

from nhi_components.core.errors import Problem
from tools.plugins.gcp.settings import SERVICES, Settings
from tools.plugins.resource import PluginError
from tools.plugins.rest import Reply, send

_RETRIED = frozenset({429, 500, 502, 503})
_PATIENCE = 60.0
_FIRST_PAUSE = 0.5
_OPERATION_PAUSE = 0.2


class GoogleError(PluginError):
    """Google refused a call.

    Attributes:
        status: the HTTP status.
        reason: Google's reason, such as `IAM_PERMISSION_DENIED`; empty for none.
    """

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        self.status, self.reason = status, reason
        super().__init__(message)

    def during(self, what: str) -> GoogleError:
        """Say what failed because of it, as the real provider does."""
        return GoogleError(self.status, f"{what}: {self}", self.reason)


class Google:
    """Calls with one configuration; safe for many threads.

    Attributes:
        settings: the configuration.
        sleep: how it waits.
    """

    def __init__(self, settings: Settings, sleep: Callable[[float], None] = time.sleep) -> None:
        self.settings, self.sleep = settings, sleep
        self._locks: dict[str, Lock] = defaultdict(Lock)
        self._guard = Lock()

    def lock(self, key: str) -> Lock:
        """The lock of one thing that is read, changed and written back."""
        with self._guard:
            return self._locks[key]

    def call(
        self, service: str, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None
    ) -> dict[str, Any]:
        """Make a call; what is throttled or fails on Google's side is tried again for a minute.

        Args:
            service: a name of `SERVICES`.
            method: in capitals.
            path: below the service's address.
            query: further fields.
            body: to be sent as JSON; None for none.

        Raises:
            GoogleError: Google refuses it.
            PluginError: the service has no address on loopback, or does not answer.
        """
        url = self._address(service) + path
        headers = {"Authorization": f"Bearer {self.settings.token}"}
        pause, waited = _FIRST_PAUSE, 0.0
        while True:
            reply = send(method, url, query={"alt": "json", **(query or {})}, body=body, headers=headers)
            if reply.status < HTTPStatus.BAD_REQUEST:
                return dict(reply.body)
            if reply.status not in _RETRIED or waited >= _PATIENCE:
                raise _error_of(reply)
            self.sleep(pause)
            pause, waited = pause * 2, waited + pause

    def find(self, service: str, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """Read something; None when it is gone."""
        try:
            return self.call(service, "GET", path, query=query)
        except GoogleError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def finish(self, service: str, answer: Mapping[str, Any]) -> None:
        """Wait for a long-running operation, if an answer is one.

        Raises:
            GoogleError: it failed.
        """
        while "/operations/" in answer.get("name", "") and not answer.get("done"):
            self.sleep(_OPERATION_PAUSE)
            answer = self.call(service, "GET", answer["name"])
        if error := answer.get("error"):
            code, message = int(error.get("code", 0)), error.get("message", "the operation failed")
            raise GoogleError(code, f"Error waiting for the operation: Error code {code}, message: {message}")

    def _address(self, service: str) -> str:
        address = self.settings.endpoints.get(service)
        if address is None:
            setting, real = SERVICES[service].settings[0], SERVICES[service].address
            fix = f"set gcp:{setting} or {SERVICES[service].variables[0]} to the double's"
            raise PluginError(str(Problem(f"gcp:{setting}", f"nothing, so {real}", "an address on loopback", fix)))
        return address


def _error_of(reply: Reply) -> GoogleError:
    error = reply.body.get("error", {}) if isinstance(reply.body, dict) else {}
    details = [each for each in error.get("details", ()) if "ErrorInfo" in each.get("@type", "")]
    listed = error.get("errors", ())
    reason = details[0].get("reason", "") if details else listed[0].get("reason", "") if listed else ""
    message = error.get("message", HTTPStatus(reply.status).phrase)
    ending = f", {reason}" if reason else ""
    return GoogleError(reply.status, f"googleapi: Error {reply.status}: {message}{ending}", reason)
