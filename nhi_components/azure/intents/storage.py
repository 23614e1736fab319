"""Intents on containers of Azure Blob Storage."""

from __future__ import annotations

import pulumi

from nhi_components.azure.intents.granting import granted
from nhi_components.core.grant import Grant


def read_blobs(
    container: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Read the blobs of a container, their versions, snapshots and metadata, and list their names.

    No blob can be written or deleted, no tag of one be set, and the container not be read, changed, removed or shared.
    Azure's operations do not tell listing from reading.

    Args:
        container: the resource id of a blob container, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("storage.read_blobs", container, subscription, resource_group, label)


def write_blobs(
    container: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Write new blobs to a container, each in one request, and append to append blobs.

    No blob that exists can be replaced, deleted or read, no blob be written in blocks, no tag of one be set, and the
    container not be read, changed, removed or shared. A client that cuts large blobs into blocks needs
    `storage.replace_blobs` instead.

    Args:
        container: the resource id of a blob container, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("storage.write_blobs", container, subscription, resource_group, label)


def replace_blobs(
    container: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Write blobs to a container, new ones and in the place of old ones, also in blocks, and change their metadata.

    No blob can be deleted or read, no tag of one be set, and the container not be read, changed, removed or shared.
    What is replaced is lost as if it were deleted, unless the account keeps versions or what is softly deleted.

    Args:
        container: the resource id of a blob container, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("storage.replace_blobs", container, subscription, resource_group, label)


def delete_blobs(
    container: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Delete the blobs of a container.

    No blob can be read or written, no version of one be deleted or purged, no tag of one be set, and the container not
    be read, changed, removed or shared.

    Args:
        container: the resource id of a blob container, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("storage.delete_blobs", container, subscription, resource_group, label)


def list_containers(
    account: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """List the containers of a storage account with their properties and metadata.

    No blob can be listed or read, no container be made, changed, removed or shared, and the account and its keys not be
    read.

    Args:
        account: the resource id of a storage account, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("storage.list_containers", account, subscription, resource_group, label)
