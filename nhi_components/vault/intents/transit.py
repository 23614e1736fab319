"""Intents on keys of the transit engine."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.vault.intents.granting import granted


def encrypt(key: pulumi.Input[str], mount: str = "transit") -> tuple[Grant, ...]:
    """Encrypt with a key that exists.

    Nothing can be decrypted, and no key be made, read, rotated, exported or deleted.

    Args:
        key: the name of one key.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("transit.encrypt", key, mount)


def decrypt(key: pulumi.Input[str], mount: str = "transit") -> tuple[Grant, ...]:
    """Decrypt what was encrypted with a key.

    Nothing can be encrypted, and the key can't be read, rotated, exported or deleted.

    Args:
        key: the name of one key.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("transit.decrypt", key, mount)


def sign(key: pulumi.Input[str], mount: str = "transit") -> tuple[Grant, ...]:
    """Sign with a key; the hash algorithm, if not the usual one, is named in the request's body.

    Nothing can be verified, and the key can't be read, rotated, exported or deleted.

    Args:
        key: the name of one key.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("transit.sign", key, mount)


def verify(key: pulumi.Input[str], mount: str = "transit") -> tuple[Grant, ...]:
    """Verify signatures and HMACs that were made with a key.

    Nothing can be signed, and no HMAC be made; the public key itself can't be read.

    Args:
        key: the name of one key.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("transit.verify", key, mount)


def hmac(key: pulumi.Input[str], mount: str = "transit") -> tuple[Grant, ...]:
    """Make an HMAC with a key; to verify one, see `transit.verify`.

    Nothing can be signed, encrypted or decrypted with the key.

    Args:
        key: the name of one key.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("transit.hmac", key, mount)


def rewrap(key: pulumi.Input[str], mount: str = "transit") -> tuple[Grant, ...]:
    """Encrypt anew, with the newest version of a key, what was encrypted with an older one.

    The plaintext is never seen, nothing else can be encrypted or decrypted, and the key can't be rotated.

    Args:
        key: the name of one key.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("transit.rewrap", key, mount)
