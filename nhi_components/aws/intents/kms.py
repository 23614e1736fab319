"""Intents on keys of AWS KMS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def encrypt(
    key: pulumi.Input[str], *, via: str | Sequence[str] | None = None, context: Mapping[str, str] | None = None
) -> tuple[Grant, ...]:
    """Encrypt under a key, directly or with data keys.

    Nothing can be decrypted or encrypted anew, and the key's policy, grants and state not be changed. The key's own
    policy must leave permissions to IAM, as the default one does.

    Args:
        key: the ARN of a key; IAM never takes an alias for its key.
        via: only through this service, or one of these, never by a call of one's own.
        context: only with this encryption context.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("kms.encrypt", key, via=via, context=context)


def decrypt(
    key: pulumi.Input[str], *, via: str | Sequence[str] | None = None, context: Mapping[str, str] | None = None
) -> tuple[Grant, ...]:
    """Decrypt what is encrypted under a key.

    Nothing can be encrypted, and the key's policy, grants and state not be changed. The key's own policy must leave
    permissions to IAM, as the default one does.

    Args:
        key: the ARN of a key; IAM never takes an alias for its key.
        via: only through this service, or one of these, never by a call of one's own.
        context: only with this encryption context.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("kms.decrypt", key, via=via, context=context)


def sign(key: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Sign with an asymmetric key, and get its public key.

    Nothing can be encrypted or decrypted, and the key's policy, grants and state not be changed. The key's own policy
    must leave permissions to IAM, as the default one does.

    Args:
        key: the ARN of a key; IAM never takes an alias for its key.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("kms.sign", key)


def verify(key: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Verify signatures of an asymmetric key, and get its public key.

    Nothing can be signed, and the key's policy, grants and state not be changed. The key's own policy must leave
    permissions to IAM, as the default one does.

    Args:
        key: the ARN of a key; IAM never takes an alias for its key.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("kms.verify", key)
