"""Intents on secrets and keys of a Key Vault."""

from __future__ import annotations

import pulumi

from nhi_components.azure.intents.granting import granted
from nhi_components.core.grant import Grant


def read_secret(
    secret: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Read the value of a secret, every version that is enabled, and list its versions.

    No other secret of the vault can be read or found, and the secret not be set, changed, backed up, removed or shared.
    The vault must be one that roles decide about, with `enableRbacAuthorization`.

    Args:
        secret: the resource id of a secret of a Key Vault, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("keyvault.read_secret", secret, subscription, resource_group, label)


def write_secret(
    secret: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Set a secret: each time a new version, which becomes the latest one.

    No value can be read, no version be listed, changed or disabled, and the secret not be backed up, removed, recovered
    or shared. It also makes the secret while there is none of its name. The vault must be one that roles decide about,
    with `enableRbacAuthorization`.

    Args:
        secret: the resource id of a secret of a Key Vault, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("keyvault.write_secret", secret, subscription, resource_group, label)


def encrypt(
    key: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Encrypt with a key.

    Nothing can be decrypted, wrapped or signed, no version be made or backed up, and the key not be changed, rotated,
    removed or shared. The vault must be one that roles decide about, with `enableRbacAuthorization`.

    Args:
        key: the resource id of a key of a Key Vault, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("keyvault.encrypt", key, subscription, resource_group, label)


def decrypt(
    key: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Decrypt with a key.

    Nothing can be encrypted, unwrapped or signed, no version be made or backed up, and the key not be changed, rotated,
    removed or shared. The vault must be one that roles decide about, with `enableRbacAuthorization`.

    Args:
        key: the resource id of a key of a Key Vault, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("keyvault.decrypt", key, subscription, resource_group, label)


def wrap_key(
    key: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Wrap other keys with a key, as envelope encryption does.

    Nothing can be unwrapped, encrypted or signed, no version be made or backed up, and the key not be changed, rotated,
    removed or shared. The vault must be one that roles decide about, with `enableRbacAuthorization`.

    Args:
        key: the resource id of a key of a Key Vault, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("keyvault.wrap_key", key, subscription, resource_group, label)


def unwrap_key(
    key: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Unwrap other keys with a key, as envelope encryption does.

    Nothing can be wrapped, decrypted or signed, no version be made or backed up, and the key not be changed, rotated,
    removed or shared. The vault must be one that roles decide about, with `enableRbacAuthorization`.

    Args:
        key: the resource id of a key of a Key Vault, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("keyvault.unwrap_key", key, subscription, resource_group, label)


def sign(
    key: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Sign digests with a key.

    Nothing can be verified, decrypted or unwrapped, no version be made or backed up, and the key not be changed,
    rotated, removed or shared. The vault must be one that roles decide about, with `enableRbacAuthorization`.

    Args:
        key: the resource id of a key of a Key Vault, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("keyvault.sign", key, subscription, resource_group, label)


def verify(
    key: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Verify signatures with a key, or get its public part to do so elsewhere.

    Nothing can be signed, decrypted or unwrapped, no version be made or backed up, and the key not be changed, rotated,
    removed or shared. The vault must be one that roles decide about, with `enableRbacAuthorization`.

    Args:
        key: the resource id of a key of a Key Vault, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("keyvault.verify", key, subscription, resource_group, label)
