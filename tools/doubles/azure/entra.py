"""Entra: the metadata of a tenant, and the client-credentials grant, which really checks each secret."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from tools.doubles.azure import errors
from tools.doubles.azure.applications import Applications, Clock
from tools.doubles.messages import Request
from tools.doubles.routes import route

TENANT = "7d1f6a20-0f2b-4e6e-9c55-1f1d6f0a9b11"
GRAPH, VAULT = "https://graph.microsoft.com", "https://vault.azure.net"
_LIFETIME = timedelta(hours=1)


class Entra:
    """One tenant.

    Attributes:
        tenant: its id.
        lag: for how long a new secret is refused still: replication takes a while.
    """

    def __init__(self, applications: Applications, url: str, now: Clock) -> None:
        self.tenant = TENANT
        self.lag = timedelta()
        self._applications, self._url, self._now = applications, url, now
        self._issued: dict[str, tuple[str, str]] = {}

    def holder_of(self, token: str, audience: str) -> str:
        """The client id of whom a token was issued to; empty for a token of another audience, or none."""
        holder, issued_for = self._issued.get(token, ("", ""))
        return holder if issued_for == audience else ""

    @route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", public=True)
    def metadata(self, request: Request) -> Any:
        base = f"{self._url}/{self._known(request)}"
        return {
            "issuer": f"{base}/v2.0",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        }

    @route("POST", "/{tenant}/oauth2/v2.0/token", public=True)
    def grant(self, request: Request) -> Any:
        self._known(request)
        form = dict(parse_qsl(request.body.decode()))
        if form.get("grant_type") != "client_credentials":
            raise errors.entra(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        client = form.get("client_id", "")
        application = self._applications.by_client(client)
        if application is None:
            raise errors.entra(400, "unauthorized_client", 700016, f"Application '{client}' was not found.")
        self._check(application, form.get("client_secret", ""))
        audience = form.get("scope", "").removesuffix("/.default")
        return {"token_type": "Bearer", "expires_in": 3599, "access_token": self._issue(client, application, audience)}

    def _check(self, application: dict[str, Any], secret: str) -> None:
        matching = next((each for each in application["passwordCredentials"] if each["secretText"] == secret), None)
        now = self._now()
        if matching is None or datetime.fromisoformat(matching["startDateTime"]) + self.lag > now:
            raise errors.entra(401, "invalid_client", 7000215, "Invalid client secret provided.")
        if datetime.fromisoformat(matching["endDateTime"]) <= now:
            raise errors.entra(401, "invalid_client", 7000222, "The provided client secret keys are expired.")

    def _issue(self, client: str, application: dict[str, Any], audience: str) -> str:
        ends = int((self._now() + _LIFETIME).timestamp())
        claims = {"aud": audience, "tid": self.tenant, "appid": client, "oid": application["id"], "exp": ends}
        parts = [{"alg": "RS256", "typ": "JWT"}, claims]
        encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
        token = ".".join([*encoded, secrets.token_urlsafe(32)])
        self._issued[token] = client, audience
        return token

    def _known(self, request: Request) -> str:
        tenant = request.params["tenant"]
        if tenant != self.tenant:
            raise errors.entra(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        return tenant
