"""The API server as the real provider uses it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from tools.plugins.kubernetes.settings import Settings
from tools.plugins.resource import PluginError
from tools.plugins.rest import Reply, send

_APPLY = "application/apply-patch+yaml"
_RETRIED = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_TRIES = 5
_FIRST_PAUSE = 0.2
_DRY = {"dryRun": "All"}

Object = dict[str, Any]


class ClusterError(PluginError):
    """The API server refused a request.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)

    def during(self, what: str) -> ClusterError:
        """Say what failed because of it, as the real provider does."""
        return ClusterError(self.status, f"{what}: {self}")

    @property
    def lacks_namespace(self) -> bool:
        """Whether the namespace is not there, which at preview may be about to be made."""
        return self.status == HTTPStatus.NOT_FOUND and "namespaces " in str(self)


class Cluster:
    """Requests with one configuration; safe for many threads.

    Attributes:
        settings: the configuration.
        sleep: how it waits.
    """

    def __init__(self, settings: Settings, sleep: Callable[[float], None] = time.sleep) -> None:
        self.settings, self.sleep = settings, sleep

    def create(self, path: str, body: Object, manager: str, *, dry: bool = False) -> Object:
        """Make an object; what it needs may be about to be made, so a 404 is waited out for a moment."""
        query = {"fieldManager": manager, **(_DRY if dry else {})}
        for attempt in range(_TRIES):
            try:
                return self._ask("POST", path, query=query, body=body)
            except ClusterError as error:
                if error.status != HTTPStatus.NOT_FOUND or dry or attempt == _TRIES - 1:
                    raise
            self.sleep(_FIRST_PAUSE * 2**attempt)
        raise AssertionError("unreachable")

    def apply(self, path: str, body: Object, manager: str, *, force: bool) -> Object:
        """Bring an object to what is wanted by server-side apply."""
        query = {"fieldManager": manager, "force": "true" if force else "false"}
        return self._ask("PATCH", path, query=query, body=body, content=_APPLY)

    def find(self, path: str) -> Object | None:
        """Read an object; None when it is gone."""
        try:
            return self._ask("GET", path)
        except ClusterError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def delete(self, path: str) -> None:
        """Delete an object and wait until it is gone; that it is gone already is as good."""
        try:
            self._ask("DELETE", path, body={"propagationPolicy": "Foreground"})
        except ClusterError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return
        waited = 0.0
        while self.find(path) is not None:
            if waited >= self.settings.gone_seconds:
                raise PluginError(f"{path}: timed out waiting for the object to be deleted: finalizers may keep it")
            self.sleep(_FIRST_PAUSE)
            waited += _FIRST_PAUSE

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content: str = "application/json",
    ) -> Object:
        headers = {"Authorization": f"Bearer {self.settings.token}", "Content-Type": content}
        for attempt in range(_TRIES):
            reply = send(method, self.settings.server + path, query=query or {}, body=body, headers=headers)
            if reply.status not in _RETRIED or attempt == _TRIES - 1:
                return _read(reply)
            self.sleep(_FIRST_PAUSE * 2**attempt)
        raise AssertionError("unreachable")


def _read(reply: Reply) -> Object:
    if reply.status < HTTPStatus.BAD_REQUEST:
        return dict(reply.body)
    told = reply.body if isinstance(reply.body, dict) else {}
    raise ClusterError(reply.status, str(told.get("message") or HTTPStatus(reply.status).phrase))
