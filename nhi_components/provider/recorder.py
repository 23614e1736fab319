"""Opens the recorder of evidence that the provider's configuration describes."""

from __future__ import annotations

import os

from nhi_components.core.connection import DEFAULT, VaultConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters import IMPORTING
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.lifecycle.evidence.settings import open_recorder
from nhi_components.lifecycle.evidence.vault_client import VaultClient
from nhi_components.provider.settings import Settings


def recorder_of(settings: Settings, clock: Clock) -> EvidenceRecorder:
    """Open it; a signer or anchor in Vault is reached through the default Vault connection."""

    def vault_client() -> VaultClient:
        with IMPORTING:
            from nhi_components.lifecycle.adapters.vault.session import VaultSession

        connection = settings.connection(System.VAULT, DEFAULT)
        if not isinstance(connection, VaultConnection):
            raise TypeError(type(connection).__name__)
        return VaultSession(DEFAULT, connection).http

    return open_recorder(settings.evidence.with_environment(os.environ), vault_client, clock)
