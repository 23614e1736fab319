"""A signer whose Ed25519 key lies in a file of this machine: for the sandbox and for trying things out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nhi_components.core.errors import EvidenceError, Problem
from nhi_components.lifecycle.evidence.files import create_durably, ensure_private, private_directory, read_bytes
from nhi_components.lifecycle.evidence.keys import VerifyingKey
from nhi_components.lifecycle.evidence.signer import KeyClass

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

KEY_FILE = "evidence-ed25519.pem"


class LocalSigner:
    """Signs with a key of mode 0600, made on first use.

    Whoever can read the file can forge evidence; the evidence says so by its key class.
    """

    def __init__(self, path: Path) -> None:
        """Load the key, or make it.

        Raises:
            EvidenceError: the file cannot be made or read, is no such key, or is open to others.
        """
        self._signer = _load(path)
        self._key = VerifyingKey(bytes.fromhex(self._signer.public_key.keyval["public"]))

    @property
    def key(self) -> VerifyingKey:
        """The public half."""
        return self._key

    @property
    def key_class(self) -> KeyClass:
        """A file of this machine."""
        return KeyClass.LOCAL

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return bytes.fromhex(self._signer.sign(message).signature)


def _load(path: Path) -> CryptoSigner:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    private_directory(path.parent)
    if not path.exists():
        create_durably(path, CryptoSigner.generate_ed25519().private_bytes)
    ensure_private(path)
    try:
        key = load_pem_private_key(read_bytes(path) or b"", None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _no_key(path, "something else") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path, "a key of another type")
    return CryptoSigner(key)


def _no_key(path: Path, got: str) -> EvidenceError:
    fix = "restore the file from a copy, or move it away; a new key must then be trusted anew"
    return EvidenceError(str(Problem(str(path), got, "an unencrypted Ed25519 private key in PEM (PKCS 8)", fix)))
