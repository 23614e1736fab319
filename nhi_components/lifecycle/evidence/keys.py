"""Public keys of evidence: Ed25519 only, known by their fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from nhi_components.core.errors import EvidenceError, Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from securesystemslib.signer import SSlibKey

PUBLIC_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """An Ed25519 public key (RFC 8032).

    Attributes:
        raw: its 32 bytes.
    """

    raw: bytes

    @property
    def fingerprint(self) -> str:
        """The key id of the Secure Systems Library: SHA-256 of the key's canonical JSON, in hexadecimal."""
        return str(self.to_securesystemslib().keyid)

    def to_securesystemslib(self) -> SSlibKey:
        """The key as the signature library takes it."""
        from securesystemslib.signer import SSlibKey

        return SSlibKey.from_crypto(self._crypto())

    def to_pem(self) -> bytes:
        """PEM, SubjectPublicKeyInfo."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._crypto().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def _crypto(self) -> Ed25519PublicKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return Ed25519PublicKey.from_public_bytes(self.raw)

    @classmethod
    def from_pem(cls, pem: bytes, place: str) -> Self:
        """Read a PEM public key.

        Raises:
            EvidenceError: it is not one, or not Ed25519.
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

        expected = "an Ed25519 public key in PEM"
        fix = "give the file that `trusted/` of the evidence directory holds, or export it from the signer"
        try:
            key = load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm):
            raise EvidenceError(str(Problem(place, "something that is no PEM public key", expected, fix))) from None
        if not isinstance(key, Ed25519PublicKey):
            raise EvidenceError(str(Problem(place, f"a key of type {type(key).__name__}", expected, fix)))
        return cls(key.public_bytes(Encoding.Raw, PublicFormat.Raw))

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a PEM file.

        Raises:
            EvidenceError: it cannot be read or holds no such key.
        """
        try:
            pem = path.read_bytes()
        except OSError as error:
            problem = Problem(str(path), error.strerror or type(error).__name__, "a readable file", "correct the path")
            raise EvidenceError(str(problem)) from None
        return cls.from_pem(pem, str(path))
