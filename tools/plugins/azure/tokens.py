"""Access tokens of Entra by the client-credentials flow, each kept until shortly before its end."""

from __future__ import annotations

import time
from http import HTTPStatus
from threading import Lock
from urllib.parse import urlencode

from tools.plugins.azure.settings import Endpoints, Settings, find_endpoints
from tools.plugins.resource import PluginError
from tools.plugins.rest import send

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SPARE_SECONDS = 300.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Tokens:
    """Tokens of one client; safe for many threads.

    Args:
        settings: who asks, and whom.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: dict[str, tuple[float, str]] = {}
        self._endpoints: Endpoints | None = None
        self._guard = Lock()

    @property
    def endpoints(self) -> Endpoints:
        """Where everything is, asked for once and only when something is to be sent."""
        if self._endpoints is None:
            self._endpoints = find_endpoints(self._settings)
        return self._endpoints

    def of(self, audience: str) -> str:
        """Get a token for an audience, such as `https://management.azure.com`.

        Raises:
            PluginError: Entra refuses it, in its words.
        """
        with self._guard:
            ends, token = self._kept.get(audience, (0.0, ""))
            if time.monotonic() >= ends:
                token, seconds = self._ask(audience)
                self._kept[audience] = time.monotonic() + seconds - _SPARE_SECONDS, token
        return token

    def _ask(self, audience: str) -> tuple[str, float]:
        settings = self._settings
        proof = (
            {"client_secret": settings.secret}
            if settings.secret
            else {"client_assertion": settings.assertion, "client_assertion_type": _ASSERTION}
        )
        asked = {"grant_type": "client_credentials", "client_id": settings.client, "scope": f"{audience}/.default"}
        url = f"{self.endpoints.login}/{settings.tenant}/oauth2/v2.0/token"
        reply = send("POST", url, query={}, body=urlencode(asked | proof).encode(), headers=_FORM)
        if reply.status != HTTPStatus.OK:
            told = reply.body.get("error_description") or HTTPStatus(reply.status).phrase
            raise PluginError(f"no access token for {audience}: {told}")
        return str(reply.body["access_token"]), float(reply.body.get("expires_in", 0))
