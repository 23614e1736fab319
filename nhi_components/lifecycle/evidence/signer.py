"""The port of a signer of evidence."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from nhi_components.lifecycle.evidence.keys import VerifyingKey


class KeyClass(StrEnum):
    """Where the private key lives, which tells how much its signature is worth."""

    LOCAL = "local"
    VAULT_TRANSIT = "vault-transit"


class EvidenceSigner(Protocol):
    """Signs with Ed25519; any failure to do so is an `EvidenceError`."""

    @property
    def key(self) -> VerifyingKey:
        """The public half of the key that signs."""

    @property
    def key_class(self) -> KeyClass:
        """Where the private half lives."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
