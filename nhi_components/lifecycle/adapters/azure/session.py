"""Reaching Azure: the ambient credentials of azure-identity, Microsoft Graph, vaults, and who we are there.

A connection's `authority` and `endpoint` must be https: azure-identity and azure-core send no credential in clear.
Whoever runs them with a certificate authority of their own names it in REQUESTS_CA_BUNDLE.
"""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import RLock
from typing import Any
from urllib.parse import urlsplit

from azure.core import PipelineClient
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
from azure.core.rest import HttpRequest
from azure.identity import AzureAuthorityHosts, ClientSecretCredential, DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

from nhi_components.core.connection import AzureConnection
from nhi_components.core.errors import Problem, SystemUnreachable
from nhi_components.lifecycle.adapters.azure.clouds import CLOUDS, PUBLIC, Cloud
from nhi_components.lifecycle.adapters.azure.errors import Refused, is_refusal, translated

_LONGEST_PAUSE_SECONDS = 5
_METADATA = "/v2.0/.well-known/openid-configuration"

# Else Python prints azure-identity's warnings where nobody has set logging up: one for each try of a new secret.
logging.getLogger("azure.identity").addHandler(logging.NullHandler())


_PATIENCE: Mapping[str, Any] = {"connection_timeout": 5, "read_timeout": 15}
_RETRIES: Mapping[str, Any] = {"retry_total": 2, "retry_backoff_factor": 0.4, "retry_backoff_max": 2}


class _BriefRetry(RetryPolicy[Any, Any]):
    """Tries again at most twice, and never waits for long: whoever calls repeats with pauses of its own."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**_RETRIES, **settings})

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
        """Also not when the server wants to be left alone for long."""
        again = super().is_retry(settings, response)
        return again and (self.get_retry_after(response) or 0) <= _LONGEST_PAUSE_SECONDS


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of Microsoft Graph or Azure Resource Manager.

    Attributes:
        body: its JSON object, which may hold values; empty where there is none.
        time: the server's own time, to the second.
        operation: where is told how it stands, when it was only accepted; empty when it was done.
    """

    body: Mapping[str, Any] = field(repr=False)
    time: datetime
    operation: str = ""


class AzureSession:
    """One connection; nothing is reached before the first call.

    Every method raises `SystemUnreachable` when Azure does not answer, or refuses the credentials or a permission.

    Attributes:
        name: the connection's name.
    """

    def __init__(self, name: str, connection: AzureConnection) -> None:
        self.name = name
        self._connection = connection
        self._lock = RLock()
        self._ambient: _InTenant | None = None
        self._clients: dict[str, Any] = {}
        self._vaults: dict[str, SecretClient] = {}

    @property
    def cloud(self) -> Cloud:
        """The cloud that the authority belongs to; Azure's public one for an authority that is not known."""
        return CLOUDS.get(self._authority_host, PUBLIC)

    def identity(self) -> Mapping[str, str]:
        """Tell whom the credentials speak for: the claims of a token for Microsoft Graph, without the token.

        They name things only; nothing is decided by them.
        """
        with self._translated("Microsoft Graph", needs="a token"):
            token = self._credential().get_token(self._scope).token
        try:
            payload = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (IndexError, ValueError):
            claims = {}
        return {key: str(claims[key]) for key in ("tid", "appid", "upn", "oid") if key in claims}

    def tenant(self) -> str:
        """Tell the tenant's id."""
        found = self._connection.tenant or self.identity().get("tid", "")
        if not found:
            problem = Problem(f"azure.{self.name}", "no tenant", "a tenant's id", "set the connection's tenant")
            raise SystemUnreachable("azure", problem)
        return found

    def accepts(self, tenant: str, client: str, secret: str) -> bool:
        """Ask for a token for Microsoft Graph with a client secret; False when it is refused."""
        with translated(self.name, "the token endpoint", needs="a token"):
            settings = {**self._authority, "retry_policy_class": _BriefRetry}
            holder = ClientSecretCredential(tenant, client, secret, **settings)
            try:
                return bool(holder.get_token(self._scope).token)
            except ClientAuthenticationError as error:
                if is_refusal(error):
                    return False
                raise

    def vault(self, vault: str) -> SecretClient:
        """Open a vault by its name."""
        endpoint = self._connection.endpoint
        url = f"{endpoint}/vaults/{vault}" if endpoint else f"https://{vault}.{self.cloud.vaults}"
        with self._lock:
            if vault not in self._vaults:
                # Only an endpoint of one's own shows a challenge for a resource with another domain than its own.
                self._vaults[vault] = SecretClient(
                    url,
                    self._credential(),
                    verify_challenge_resource=endpoint is None,
                    retry_policy=_BriefRetry(),
                    **_PATIENCE,
                )
            return self._vaults[vault]

    def graph(
        self, method: str, path: str, *, needs: str, body: Mapping[str, Any] | None = None, version: str = "v1.0"
    ) -> Reply:
        """Call Microsoft Graph.

        Args:
            method: the HTTP method.
            path: from its slash on, with its query, quoted.
            needs: the permission that it takes, for the error that its lack is.
            body: sent as JSON.
            version: of the API; `beta` for what has not left that.

        Raises:
            Refused: when Graph refuses the request itself.
        """
        base = self._connection.endpoint or f"https://{self.cloud.graph}"
        return self._send(method, f"{base}/{version}{path}", self.cloud.graph, needs, body)

    def manage(self, method: str, path: str, *, needs: str, body: Mapping[str, Any] | None = None) -> Reply:
        """Call Azure Resource Manager; as `graph`."""
        base = self._connection.management or self._connection.endpoint or f"https://{self.cloud.management}"
        return self._send(method, f"{base}{path}", self.cloud.management, needs, body)

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The subscriptions that the connection names."""
        return self._connection.subscriptions

    @property
    def vaults(self) -> tuple[str, ...]:
        """The vaults that the connection names."""
        return self._connection.vaults

    def look(self, path: str, *, needs: str) -> Reply | None:
        """Read something from Microsoft Graph; None when it is not there."""
        try:
            return self.graph("GET", path, needs=needs)
        except Refused as refused:
            if not refused.tells_absence:
                raise
            return None

    @property
    def _authority_host(self) -> str:
        named = self._connection.authority or os.environ.get("AZURE_AUTHORITY_HOST")
        host = named or AzureAuthorityHosts.AZURE_PUBLIC_CLOUD
        # azure-identity also takes it without its scheme.
        return urlsplit(host if "//" in host else f"//{host}").netloc

    @property
    def _scope(self) -> str:
        return f"https://{self.cloud.graph}/.default"

    @property
    def _authority(self) -> dict[str, Any]:
        """Where tokens come from; Microsoft vouches for its own authorities only, so another one is not asked about."""
        authority = self._connection.authority
        named = {"authority": authority} if authority else {}
        known = self._authority_host in {*CLOUDS, AzureAuthorityHosts.AZURE_PUBLIC_CLOUD}
        return {**named, "disable_instance_discovery": not known, **_PATIENCE}

    def _credential(self) -> _InTenant:
        with self._lock:
            if self._ambient is None:
                tenant = self._connection.tenant
                allowed = {"additionally_allowed_tenants": [tenant]} if tenant else {}
                # Its parts bring retries of their own kinds, so they take settings, but no policy.
                ambient = DefaultAzureCredential(**self._authority, **_RETRIES, **allowed)
                self._ambient = _InTenant(ambient, tenant)
            return self._ambient

    def _send(self, method: str, url: str, host: str, needs: str, body: Mapping[str, Any] | None) -> Reply:
        # azure-core would repeat a POST after a 503, although it may have been carried out.
        settings = {"retry_total": 0} if method == "POST" else {}
        with self._translated(f"{method} {url.split('?')[0]}", needs=needs):
            response = self._client(host).send_request(HttpRequest(method, url, json=body), **settings)
            if response.status_code >= 400:
                raise HttpResponseError(response=response)
            operation = str(response.headers.get("Azure-AsyncOperation") or "") if response.status_code == 202 else ""
            return Reply(response.json() if response.text() else {}, time_of(response.headers), operation)

    @contextmanager
    def _translated(self, place: str, *, needs: str) -> Iterator[None]:
        """Translate errors; where no token was to be had, see whether that is as nobody answers who gives them out."""
        with translated(self.name, place, needs=needs):
            try:
                yield
            except ClientAuthenticationError as error:
                if not is_refusal(error):
                    self._ask_authority()
                raise

    def _ask_authority(self) -> None:
        """Prove that the authority answers, whatever it says.

        Raises:
            SystemUnreachable: it does not; azure-identity hides that among what its other ways in lack.
        """
        url = f"https://{self._authority_host}/{self._connection.tenant or 'common'}{_METADATA}"
        with translated(self.name, f"GET {url}", needs="a token"):
            PipelineClient(url, policies=[], **_PATIENCE).send_request(HttpRequest("GET", url))

    def _client(self, host: str) -> Any:
        with self._lock:
            if host not in self._clients:
                policies = [_BriefRetry(), BearerTokenCredentialPolicy(self._credential(), f"https://{host}/.default")]
                self._clients[host] = PipelineClient(f"https://{host}", policies=policies, **_PATIENCE)
            return self._clients[host]


class _InTenant:
    """The ambient credentials, asked for tokens of the connection's tenant unless a caller names another."""

    def __init__(self, ambient: DefaultAzureCredential, tenant: str | None) -> None:
        self._ambient = ambient
        self._tenant = tenant

    def get_token(
        self, *scopes: str, claims: str | None = None, tenant_id: str | None = None, **settings: Any
    ) -> AccessToken:
        """Get a token, as azure-core asks for it."""
        return self._ambient.get_token(*scopes, claims=claims, tenant_id=tenant_id or self._tenant, **settings)


def time_of(headers: Mapping[str, str]) -> datetime:
    """Tell the time in an answer's Date header."""
    return parsedate_to_datetime(headers["Date"]).astimezone(UTC)
