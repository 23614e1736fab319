"""Intents on keys of Cloud KMS."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.gcp.intents.granting import granted


def encrypt(key: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Encrypt with a symmetric key.

    Nothing can be decrypted, no version be made, disabled or destroyed, and the key not be changed or shared.

    Args:
        key: the relative name of a crypto key, as its `id`.
        project: the project a key lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("cloudkms.encrypt", key, project=project, label=label)


def decrypt(key: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Decrypt what is encrypted with a key, symmetric or not.

    Nothing can be encrypted, no version be made, disabled or destroyed, and the key not be changed or shared.

    Args:
        key: the relative name of a crypto key, as its `id`.
        project: the project a key lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("cloudkms.decrypt", key, project=project, label=label)


def sign(key: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Sign with an asymmetric key and get its public key, or make MACs with a key for them.

    No MAC can be verified, nothing be decrypted, no version be made, disabled or destroyed, and the key not be changed
    or shared.

    Args:
        key: the relative name of a crypto key, as its `id`.
        project: the project a key lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("cloudkms.sign", key, project=project, label=label)


def verify(key: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Get the public key, with which signatures are verified outside of KMS, or verify MACs.

    Nothing can be signed or decrypted, no version be made, disabled or destroyed, and the key not be changed or shared.

    Args:
        key: the relative name of a crypto key, as its `id`.
        project: the project a key lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("cloudkms.verify", key, project=project, label=label)
