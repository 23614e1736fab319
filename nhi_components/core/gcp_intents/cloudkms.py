"""Intents on keys of Cloud KMS.

Source: Cloud KMS documentation, 'Permissions and roles'; REST reference, `cryptoKeys` and `cryptoKeyVersions`.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.gcp_intents.model import GcpIntent, named
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.core.intents import Part

_KEY: Final = named(
    ResourceKind.CRYPTO_KEY, "projects/shop-prod/locations/europe-west1/keyRings/orders/cryptoKeys/invoices"
)
_ADMINISTRATION: Final = "no version be made, disabled or destroyed, and the key not be changed or shared."


def _on_key(name: str, permissions: tuple[str, ...], nearest: str, purpose: str, excludes: str) -> GcpIntent:
    return GcpIntent(
        id=f"cloudkms.{name}",
        purpose=purpose,
        excludes=f"{excludes} {_ADMINISTRATION}",
        target=_KEY,
        parts=(Part(tuple(f"cloudkms.cryptoKeyVersions.{permission}" for permission in permissions)),),
        kind=ResourceKind.CRYPTO_KEY,
        nearest=nearest,
    )


INTENTS: Final = (
    _on_key(
        "encrypt",
        ("useToEncrypt",),
        "roles/cloudkms.cryptoKeyEncrypter",
        "Encrypt with a symmetric key.",
        "Nothing can be decrypted,",
    ),
    _on_key(
        "decrypt",
        ("useToDecrypt",),
        "roles/cloudkms.cryptoKeyDecrypter",
        "Decrypt what is encrypted with a key, symmetric or not.",
        "Nothing can be encrypted,",
    ),
    _on_key(
        "sign",
        ("useToSign", "viewPublicKey"),
        "roles/cloudkms.signerVerifier",
        "Sign with an asymmetric key and get its public key, or make MACs with a key for them.",
        "No MAC can be verified, nothing be decrypted,",
    ),
    _on_key(
        "verify",
        ("useToVerify", "viewPublicKey"),
        "roles/cloudkms.verifier",
        "Get the public key, with which signatures are verified outside of KMS, or verify MACs.",
        "Nothing can be signed or decrypted,",
    ),
)
