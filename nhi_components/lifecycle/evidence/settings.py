"""Where evidence is kept, who signs it and where its chain is anchored; references only, never a credential."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Self

from platformdirs import user_state_path
from pydantic import AfterValidator, Field

from nhi_components.core.errors import EvidenceError, Problem
from nhi_components.core.model import Spec, wrong
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.evidence.anchor import Anchor
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.evidence.local_signer import KEY_FILE, LocalSigner
from nhi_components.lifecycle.evidence.reader import by_fingerprint
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.lifecycle.evidence.signer import EvidenceSigner
from nhi_components.lifecycle.evidence.vault_anchor import VaultAnchor
from nhi_components.lifecycle.evidence.vault_client import VaultClientFactory
from nhi_components.lifecycle.evidence.vault_transit_signer import VaultTransitSigner

LOCAL = "local"
_ENVIRONMENT = {
    "directory": "NHI_EVIDENCE_DIR",
    "signer": "NHI_EVIDENCE_SIGNER",
    "anchor": "NHI_EVIDENCE_ANCHOR",
    "key_fingerprint": "NHI_EVIDENCE_KEY_FINGERPRINT",
}
_SEGMENT = r"[A-Za-z0-9_.-]+"
_TRANSIT = re.compile(rf"vault-transit:(?P<mount>{_SEGMENT}(?:/{_SEGMENT})*)/(?P<key>{_SEGMENT})")
_KV = re.compile(rf"vault-kv:(?P<mount>{_SEGMENT})/(?P<path>{_SEGMENT}(?:/{_SEGMENT})*)")


def _signer(value: str) -> str:
    if value != LOCAL and not _TRANSIT.fullmatch(value):
        raise wrong(
            got=value,
            expected="local, or vault-transit:<mount>/<key>",
            fix="write it as vault-transit:transit/nhi-evidence",
        )
    return value


def _anchor(value: str) -> str:
    if not _KV.fullmatch(value):
        raise wrong(got=value, expected="vault-kv:<mount>/<path>", fix="write it as vault-kv:secret/nhi-evidence")
    return value


class EvidenceSettings(Spec):
    """Where evidence is kept and how it is protected.

    Attributes:
        directory: where envelopes are kept; the user's state directory by default.
        signer: `local` for a key file of this machine, or `vault-transit:<mount>/<key>`.
        anchor: `vault-kv:<mount>/<path>`; without one, the removal of the newest evidence cannot be detected.
        key_fingerprint: the one key that may sign; without it, the first key that signs is pinned.
        key_file: where the `local` key lies; `keys/` of the directory by default.
    """

    subject: ClassVar[str] = "evidence settings"

    directory: Path = Field(default_factory=lambda: user_state_path("nhi-components", appauthor=False) / "evidence")
    signer: Annotated[str, AfterValidator(_signer)] = LOCAL
    anchor: Annotated[str, AfterValidator(_anchor)] | None = None
    key_fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    key_file: Path | None = None

    def with_environment(self, environment: Mapping[str, str]) -> Self:
        """Let NHI_EVIDENCE_DIR, _SIGNER, _ANCHOR and _KEY_FINGERPRINT override what is set here.

        Raises:
            SpecError: with every problem found.
        """
        given = {field: environment[name] for field, name in _ENVIRONMENT.items() if environment.get(name)}
        return type(self).parse(self.model_dump() | given)


def open_recorder(
    settings: EvidenceSettings, vault_client_factory: VaultClientFactory, clock: Clock
) -> EvidenceRecorder:
    """Open the recorder that the settings describe.

    Args:
        settings: where and how.
        vault_client_factory: makes a client that is logged in; called only when the signer or the anchor is in Vault.
        clock: tells the time of recording.

    Raises:
        EvidenceError: the signer's key cannot be had, or is not the one of `key_fingerprint`.
    """
    store = open_store(settings)
    signer = _open_signer(settings, store, vault_client_factory)
    expected, got = settings.key_fingerprint, signer.key.fingerprint
    if expected and got != expected:
        fix = "restore the key, or correct key_fingerprint"
        raise EvidenceError(str(Problem(f"evidence signer {settings.signer}", f"key {got}", f"key {expected}", fix)))
    return EvidenceRecorder(store, signer, open_anchor(settings, vault_client_factory), clock)


def open_store(settings: EvidenceSettings) -> DirectoryStore:
    """Open the store; nothing is made before something is written."""
    return DirectoryStore(settings.directory.expanduser())


def open_anchor(settings: EvidenceSettings, vault_client_factory: VaultClientFactory) -> Anchor | None:
    """Open the anchor, if one is set."""
    match = _KV.fullmatch(settings.anchor or "")
    return VaultAnchor(vault_client_factory(), match["mount"], match["path"]) if match else None


def _open_signer(
    settings: EvidenceSettings, store: DirectoryStore, vault_client_factory: VaultClientFactory
) -> EvidenceSigner:
    match = _TRANSIT.fullmatch(settings.signer)
    if match is None:
        return LocalSigner((settings.key_file or store.directory / "keys" / KEY_FILE).expanduser())
    pinned = {settings.key_fingerprint} if settings.key_fingerprint else set(by_fingerprint(store.pinned_keys()))
    return VaultTransitSigner(vault_client_factory(), match["mount"], match["key"], pinned or None)
