"""The few calls that evidence makes of a Vault or OpenBao, and what their failures are turned into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from nhi_components.core.errors import EvidenceError, NhiError, Problem


class VaultClient(Protocol):
    """One Vault as one token sees it; every method raises an `NhiError` when Vault does not answer or refuses."""

    def read(self, path: str) -> Mapping[str, Any] | None:
        """Read an object's data; None when there is nothing."""

    def keys(self, path: str) -> list[str]:
        """List the keys below a path; none when there is nothing."""

    def write(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write, and return the answer's data, empty when it has none."""


VaultClientFactory = Callable[[], VaultClient]
"""Makes a client that is logged in; called when Vault is first needed."""


@contextmanager
def vault_failures(place: str, fix: str) -> Iterator[None]:
    """Turn a failure of Vault into an `EvidenceError` that names the place.

    Args:
        place: the signer or the anchor, as settings name it.
        fix: what to do about it.
    """
    try:
        yield
    except EvidenceError:
        raise
    except NhiError as error:
        raise EvidenceError(str(Problem(place, str(error), "an answer of Vault", fix))) from error
