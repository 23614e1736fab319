"""Reaching Azure: the ambient credentials of azure-identity, Microsoft Graph, vaults, and who we are there.

A connection's `authority` and `endpoint` must be https: azure-identity and azure-core send no credential in clear.
Whoever runs them with a certificate authority of their own names it in REQUESTS_CA_BUNDLE.
"""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Mapping
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
from nhi_components.lifecycle.adapters.azure.errors import Refused, is_refusal, translated

_LONGEST_PAUSE_SECONDS = 5

# Else Python prints azure-identity's warnings where nobody has set logging up: one for each try of a new secret.
logging.getLogger("azure.identity").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where a cloud of Azure's keeps things.

    Attributes:
        graph: Microsoft Graph's host.
        vaults: what a vault's host ends with, after its name.
    """

    graph: str
    vaults: str


_PUBLIC = Cloud("graph.microsoft.com", "vault.azure.net")
_CLOUDS: Mapping[str, Cloud] = {
    AzureAuthorityHosts.AZURE_GOVERNMENT: Cloud("graph.microsoft.us", "vault.usgovcloudapi.net"),
    AzureAuthorityHosts.AZURE_CHINA: Cloud("microsoftgraph.chinacloudapi.cn", "vault.azure.cn"),
}
"""By the host of the authority. Sources: Microsoft Graph, 'National cloud deployments'; Key Vault, 'About keys, secrets
and certificates', DNS suffixes."""


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
    """An answer of Microsoft Graph.

    Attributes:
        body: its JSON object, which may hold values; empty where there is none.
        time: the server's own time, to the second.
    """

    body: Mapping[str, Any] = field(repr=False)
    time: datetime


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
        self._graph: Any = None
        self._vaults: dict[str, SecretClient] = {}

    @property
    def cloud(self) -> Cloud:
        """The cloud that the authority belongs to; Azure's public one for an authority that is not known."""
        return _CLOUDS.get(self._authority_host, _PUBLIC)

    def identity(self) -> Mapping[str, str]:
        """Tell whom the credentials speak for: the claims of a token for Microsoft Graph, without the token.

        They name things only; nothing is decided by them.
        """
        with translated(self.name, "Microsoft Graph", needs="a token"):
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

    def graph(self, method: str, path: str, *, needs: str, body: Mapping[str, Any] | None = None) -> Reply:
        """Call Microsoft Graph v1.0.

        Args:
            method: the HTTP method.
            path: from its slash on, with its query, quoted.
            needs: the permission that it takes, for the error that its lack is.
            body: sent as JSON.

        Raises:
            Refused: when Graph refuses the request itself.
        """
        base = self._connection.endpoint or f"https://{self.cloud.graph}"
        request = HttpRequest(method, f"{base}/v1.0{path}", json=body)
        # azure-core would repeat a POST after a 503, although it may have been carried out.
        settings = {"retry_total": 0} if method == "POST" else {}
        with translated(self.name, f"{method} {base}/v1.0{path.split('?')[0]}", needs=needs):
            response = self._graph_client().send_request(request, **settings)
            if response.status_code >= 400:
                raise HttpResponseError(response=response)
            return Reply(response.json() if response.text() else {}, time_of(response.headers))

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
        known = self._authority_host in {*_CLOUDS, AzureAuthorityHosts.AZURE_PUBLIC_CLOUD}
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

    def _graph_client(self) -> Any:
        with self._lock:
            if self._graph is None:
                policies = [_BriefRetry(), BearerTokenCredentialPolicy(self._credential(), self._scope)]
                self._graph = PipelineClient(f"https://{self.cloud.graph}", policies=policies, **_PATIENCE)
            return self._graph


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
