"""Requests to one Vault: JSON in, data out, absence as None, errors as ours."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from threading import local
from typing import Any
from urllib.parse import quote

import hvac
import requests
from hvac.exceptions import InvalidPath, RateLimitExceeded
from requests.adapters import HTTPAdapter
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential, wait_random_exponential

from nhi_components.lifecycle.adapters.vault.errors import Busy, Upgrading, not_vault, too_many, translated

TIMEOUT_SECONDS = (2, 15)
"""To connect, to answer. Short, because the teardown service repeats with pauses of its own."""

UPGRADE_SECONDS = 10
"""How long a KV v2 mount that was just made may answer that it is not ready: Vault documents no figure."""


BUSY_SECONDS = 20
"""Our own figure: for how long requests are repeated that are refused because too many come. Vault counts by seconds
(Vault documentation, 'Resource quotas': an interval of one second unless it is set otherwise)."""

_CONNECTIONS = 64
"""As many as `nhi rotate` may work on at once: what has no place in the pool is connected anew for each request."""


class VaultHttp:
    """One Vault as one token sees it.

    Every method raises `SystemUnreachable` when Vault does not answer or refuses the token, naming method and path.
    Requests that a rate limit quota refuses (429) are repeated for a while: they were not carried out.

    Attributes:
        versioned: the mounts that were seen to be KV v2 engines; none goes back to version 1.
    """

    def __init__(
        self, connection: str, address: str, *, namespace: str | None, verify: str | bool, token: str = ""
    ) -> None:
        self.connection = connection
        self.address = address
        self.namespace = namespace
        self.versioned: set[str] = set()
        self._verify = verify
        # hvac would take VAULT_TOKEN in place of None; an empty text keeps it out.
        self._client = hvac.Client(
            url=address, namespace=namespace, token=token, verify=verify, timeout=TIMEOUT_SECONDS
        )
        for scheme in ("https://", "http://"):
            self._client.session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))
        # hvac's errors hold no headers; each thread has its own answer.
        self._answered = local()
        self._client.session.hooks["response"].append(self._note_wait)

    def with_token(self, token: str) -> VaultHttp:
        """See the same Vault as another token does."""
        return VaultHttp(self.connection, self.address, namespace=self.namespace, verify=self._verify, token=token)

    def without_namespace(self) -> VaultHttp:
        """See the root of the same Vault, without a token."""
        return VaultHttp(self.connection, self.address, namespace=None, verify=self._verify)

    def read(self, path: str, **query: str) -> Mapping[str, Any] | None:
        """Read an object's data; None when there is nothing."""
        answer = self._request("get", path, params=query)
        return _data(answer) if answer is not None else None

    def keys(self, path: str) -> list[str]:
        """List the keys below a path; none when there is nothing."""
        return list(self.listing(path).get("keys") or [])

    def listing(self, path: str) -> Mapping[str, Any]:
        """List what is below a path, with `keys` and perhaps `key_info`; empty when there is nothing."""
        answer = self._request("list", path)
        return _data(answer) if answer is not None else {}

    def write(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write, and return the answer's data, empty when it has none."""
        return _data(self._request("post", path, json=body) or {})

    def login(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Log in, and return the answer's `auth`, which holds the token."""
        answer: Mapping[str, Any] = (self._request("post", path, json=body) or {}).get("auth") or {}
        return answer

    def delete(self, path: str) -> None:
        """Delete; what is not there counts as deleted."""
        self._request("delete", path)

    def _request(self, method: str, path: str, **content: Mapping[str, Any]) -> Mapping[str, Any] | None:
        upgrading = Retrying(
            retry=retry_if_exception_type(Upgrading),
            stop=stop_after_delay(UPGRADE_SECONDS),
            wait=wait_exponential(multiplier=0.05, max=1),
            reraise=True,
        )
        busy = Retrying(
            retry=retry_if_exception_type(Busy),
            stop=stop_after_delay(BUSY_SECONDS),
            # At random: those who were refused together shall not come together again.
            wait=wait_random_exponential(multiplier=0.2, max=3),
            reraise=True,
        )
        answer: Mapping[str, Any] | None = busy(upgrading, self._ask, method, path, content)
        return answer

    def _ask(self, method: str, path: str, content: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
        place = f"{self.address} {method.upper()} {path}"
        with translated(self.connection, place):
            try:
                answer = self._client.adapter.request(method, f"/v1/{quote(path)}", **content)
            except InvalidPath:
                return None
            except RateLimitExceeded:
                raise too_many(self.connection, place, getattr(self._answered, "wait", None)) from None
        if isinstance(answer, Mapping):
            return answer
        if answer.status_code != HTTPStatus.NO_CONTENT:
            raise not_vault(self.connection, place)
        return {}

    def _note_wait(self, response: requests.Response, **_: object) -> None:
        told = response.headers.get("Retry-After", "")
        self._answered.wait = float(told) if told.isdecimal() else None


def _data(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of an answer that holds its data; some answers, such as health, are all data."""
    data = answer.get("data", answer)
    return data if isinstance(data, Mapping) else {}
