"""A signer whose Ed25519 key never leaves Vault's transit engine."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Container
from typing import Any

from nhi_components.core.errors import EvidenceError, Problem
from nhi_components.lifecycle.evidence.keys import PUBLIC_KEY_BYTES, VerifyingKey
from nhi_components.lifecycle.evidence.signer import KeyClass
from nhi_components.lifecycle.evidence.vault_client import VaultClient, vault_failures


class VaultTransitSigner:
    """Signs with one version of a transit key, pinned by its fingerprint."""

    def __init__(self, client: VaultClient, mount: str, name: str, pinned: Container[str] | None = None) -> None:
        """Find the version to sign with.

        Args:
            client: a client that is logged in.
            mount: where the transit engine is mounted.
            name: the key's name.
            pinned: the fingerprints that are accepted; the newest version that has one of them is used. None accepts
                the newest version, to be pinned by the caller.

        Raises:
            EvidenceError: Vault does not answer, the key is no Ed25519 key that stays in Vault, or no version of it
                is pinned.
        """
        self._client = client
        self._mount = mount
        self._name = name
        self._place = f"vault-transit:{mount}/{name}"
        self._version, self._key = self._choose(pinned)

    @property
    def key(self) -> VerifyingKey:
        """The public half of the version in use."""
        return self._key

    @property
    def key_class(self) -> KeyClass:
        """Vault's transit engine."""
        return KeyClass.VAULT_TRANSIT

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature.

        Raises:
            EvidenceError: Vault does not answer, refuses, or answers with something else.
        """
        body = {"input": base64.b64encode(message).decode("ascii"), "key_version": self._version}
        with vault_failures(
            self._place, f"allow update on {self._mount}/sign/{self._name}, and see that Vault is unsealed"
        ):
            answer = self._client.write(f"{self._mount}/sign/{self._name}", body)
        prefix, _, encoded = str(answer.get("signature", "")).rpartition(":")
        if prefix != f"vault:v{self._version}":
            raise self._refused(
                f"a signature that begins with {prefix[:40]!r}", f"one that begins with vault:v{self._version}"
            )
        return base64.b64decode(encoded)

    def _choose(self, pinned: Container[str] | None) -> tuple[int, VerifyingKey]:
        with vault_failures(
            self._place, f"allow read on {self._mount}/keys/{self._name}, and see that Vault is unsealed"
        ):
            answer = self._client.read(f"{self._mount}/keys/{self._name}") or {}
        if answer.get("type") != "ed25519" or answer.get("derived"):
            raise self._refused(f"a key of type {answer.get('type') or 'none'}", "an ed25519 key that is not derived")
        if answer.get("exportable") or answer.get("allow_plaintext_backup"):
            raise self._refused("a key that may be exported or backed up", "a key that never leaves Vault")
        versions = sorted(((int(v), self._public(fields)) for v, fields in answer["keys"].items()), reverse=True)
        for version, key in versions:
            if pinned is None or key.fingerprint in pinned:
                return version, key
        offered = ", ".join(f"version {version}: {key.fingerprint}" for version, key in versions)
        raise self._refused(f"only {offered}", "a version whose fingerprint is pinned")

    def _public(self, fields: Any) -> VerifyingKey:
        try:
            raw = base64.b64decode(fields["public_key"], validate=True)
        except (KeyError, TypeError, binascii.Error):
            raw = b""
        if len(raw) != PUBLIC_KEY_BYTES:
            raise self._refused("a public key of another form", f"{PUBLIC_KEY_BYTES} bytes in base64")
        return VerifyingKey(raw)

    def _refused(self, got: str, expected: str) -> EvidenceError:
        fix = f"vault write -f {self._mount}/keys/{self._name} type=ed25519, or correct the name or the fingerprint"
        return EvidenceError(str(Problem(self._place, got, expected, fix)))
