"""Uses a managed identity of Azure as its workload would, over REST, and makes what is there before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

BUS, MANAGER, VAULTS = "https://servicebus.azure.net", "https://management.azure.com", "https://vault.azure.net"
"""For whom tokens are asked: the resource ids of the services."""

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SECONDS = 30
_REFUSALS = (401, 403)
_NO_TOKEN = (400, 401)
_GONE = 404
_SECRETS_VERSION = "7.4"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant of Entra, and the services that take its tokens.

    Attributes:
        url: where all of them are.
        tenant: its id.
        authority: the certificate that their own is checked with.
    """

    url: str
    tenant: str
    authority: Path

    def token(self, client: str, audience: str, **proof: str) -> str | None:
        """Sign in; None when Entra refuses.

        Args:
            client: the client id.
            audience: for whom the token is.
            proof: `client_secret`, or `client_assertion`: a token of an issuer whom the identity trusts.
        """
        kind = {"client_assertion_type": _ASSERTION} if "client_assertion" in proof else {}
        form = {"grant_type": "client_credentials", "client_id": client, "scope": f"{audience}/.default"}
        path = f"/{self.tenant}/oauth2/v2.0/token"
        answer = self._ask("POST", path, data={**form, **kind, **proof})
        if answer.status_code in _NO_TOKEN:
            return None
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def sends(self, token: str, bus: str, queue: str) -> bool:
        """Whether a token may send to a queue of Service Bus."""
        return self._allowed(token, "POST", f"/servicebus/{bus}/{queue}/messages", data=b"an order")

    def reads(self, token: str, vault: str, secret: str) -> bool:
        """Whether a token reads a secret of a Key Vault; one that is gone it does not."""
        path = f"/vaults/{vault}/secrets/{secret}?api-version={_SECRETS_VERSION}"
        return self._allowed(token, "GET", path, refusals=(*_REFUSALS, _GONE))

    def make(self, token: str, resource: str, version: str, body: Mapping[str, Any]) -> None:
        """Make something by its resource id.

        Args:
            token: an operator's, for Azure Resource Manager.
            resource: the id.
            version: of the provider's API.
            body: what it is.
        """
        self._with(token, "PUT", f"{resource}?api-version={version}", json=body).raise_for_status()

    def _allowed(
        self, token: str, method: str, path: str, *, refusals: Sequence[int] = _REFUSALS, **given: Any
    ) -> bool:
        answer = self._with(token, method, path, **given)
        if answer.status_code in refusals:
            return False
        answer.raise_for_status()
        return True

    def _with(self, token: str, method: str, path: str, **given: Any) -> requests.Response:
        return self._ask(method, path, headers={"Authorization": f"Bearer {token}"}, **given)

    def _ask(self, method: str, path: str, **given: Any) -> requests.Response:
        return requests.request(method, f"{self.url}{path}", verify=str(self.authority), timeout=_SECONDS, **given)
