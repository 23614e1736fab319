"""The few calls that evidence makes of a Vault or OpenBao, and what their failures are turned into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

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
