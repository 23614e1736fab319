"""The few calls that evidence makes of a Vault or OpenBao, and what their failures are turned into."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, cast

from nhi_components.core.errors import EvidenceError, Problem


class VaultClient(Protocol):
    """The part of `hvac.Client` that is used; a path that does not exist reads and lists as None."""

    def read(self, path: str) -> Any:
        """GET /v1/<path>."""

    def list(self, path: str) -> Any:
        """LIST /v1/<path>."""

    def write_data(self, path: str, *, data: dict[str, Any]) -> Any:
        """POST /v1/<path>."""


VaultClientFactory = Callable[[], VaultClient]
"""Makes a client that is logged in; called when Vault is first needed."""


@contextmanager
def vault_failures(place: str, fix: str) -> Iterator[None]:
    """Turn a failure of Vault into an `EvidenceError` that names the place."""
    from hvac.exceptions import VaultError
    from requests.exceptions import RequestException

    try:
        yield
    except (VaultError, RequestException) as error:
        got = f"{type(error).__name__}: {error}"[:300]
        raise EvidenceError(str(Problem(place, got, "an answer of Vault", fix))) from error


def data_of(answer: Any) -> Mapping[str, Any]:
    """The `data` of an answer; empty when there is none."""
    data = answer.get("data") if isinstance(answer, dict) else None
    return data if isinstance(data, dict) else {}


def ambient_client() -> VaultClient:
    """Make a client from VAULT_ADDR, VAULT_NAMESPACE, VAULT_CACERT and VAULT_TOKEN or the token helper's file.

    Raises:
        EvidenceError: there is no address, no token, or the extra `vault` is not installed.
    """
    address = os.environ.get("VAULT_ADDR")
    if not address:
        raise EvidenceError(str(Problem("VAULT_ADDR", "nothing", "Vault's URL", "export VAULT_ADDR and VAULT_TOKEN")))
    try:
        import hvac
    except ModuleNotFoundError:
        fix = "pip install 'nhi-components[vault]'"
        raise EvidenceError(str(Problem("hvac", "not installed", "Vault's Python client", fix))) from None
    client = hvac.Client(url=address)
    if not client.token:
        raise EvidenceError(str(Problem("VAULT_TOKEN", "nothing", "a token", "log in, or export VAULT_TOKEN")))
    return cast("VaultClient", client)
