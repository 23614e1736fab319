"""Cutting off API keys: no registry of a lease accepts any of them any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.every import every
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.judged import Judged
from nhi_components.lifecycle.adapters.vault.kv import Entry
from nhi_components.lifecycle.adapters.vault.registry import Registry
from nhi_components.lifecycle.ports import Canary, CutOff


@dataclass(frozen=True, slots=True)
class AcceptedKey:
    """A key that the registry accepted before the cut-off; looked up by its digest, as who verifies keys does.

    Attributes:
        ends: None: it does not end by itself.
    """

    registry: Registry
    key_id: str
    sha256: str = field(repr=False)
    ends: datetime | None = None

    def works(self) -> bool:
        """Tell whether who verifies keys would still accept it."""
        return self.registry.accepts(self.key_id, self.sha256)


class AcceptedKeys:
    """The API keys of one lease in one Vault.

    Args:
        http: that Vault.
        entries: the entries that a census has found; those that are registries of the lease count.
    """

    def __init__(self, http: VaultHttp, entries: Iterable[Judged[Entry]]) -> None:
        found = [judged for judged in entries if judged.ours and judged.link.kind is LinkKind.VAULT_API_KEYS]
        self._found = [(j, Registry(http, j.what.mount, j.what.path)) for j in found]

    def cut_off(self, elapsed: Elapsed) -> list[CutOff]:
        """Disable every key, and note the time; what an earlier run has done already keeps its time.

        Raises:
            NhiError: with every registry that could not be changed; the others were.
        """
        return every(partial(_cut_off, judged, registry, elapsed) for judged, registry in self._found)

    def revoke(self) -> list[Link]:
        """Disable every key of a suspended identity; the registries that accepted any.

        Raises:
            NhiError: with every registry that could not be changed; the others were.
        """
        return list(filter(None, every(partial(_revoked, *found) for found in self._found)))


def _cut_off(judged: Judged[Entry], registry: Registry, elapsed: Elapsed) -> CutOff:
    opened_at = elapsed.now()
    accepted = [AcceptedKey(registry, i, record.sha256) for i, record in registry.records().items() if record.enabled]
    noted = judged.what.cut_off_at
    disabled = registry.cut_off()
    at = noted if noted and not disabled else elapsed.now()
    registry.note_cut_off(at)
    return CutOff(
        judged.link,
        disabled_at=at,
        sessions_refused_at=at,
        canary=Canary(judged.link, opened_at, accepted[0]) if accepted else None,
        without_canary="" if accepted else "no API key was accepted any more",
    )


def _revoked(judged: Judged[Entry], registry: Registry) -> Link | None:
    return judged.link if registry.cut_off() else None
