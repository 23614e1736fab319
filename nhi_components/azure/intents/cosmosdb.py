"""Intents on containers of Cosmos DB for NoSQL."""

from __future__ import annotations

import pulumi

from nhi_components.azure.intents.granting import granted
from nhi_components.core.grant import Grant


def read_items(
    container: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Read items of a container whose ids and partition keys are known.

    The metadata of the container is read, too. No item can be queried, listed or written, no change feed be read, no
    stored procedure be executed, and the container and the account's keys not be read.

    Args:
        container: the resource id of a Cosmos DB container, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("cosmosdb.read_items", container, subscription, resource_group, label)


def query_items(
    container: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Read and query the items of a container, and read its change feed.

    The metadata of the container is read, too. No item can be written or deleted, no stored procedure be executed, and
    the container and the account's keys not be read.

    Args:
        container: the resource id of a Cosmos DB container, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("cosmosdb.query_items", container, subscription, resource_group, label)


def create_items(
    container: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Create items in a container.

    The metadata of the container is read, too. No item that exists can be replaced, deleted, read or queried, no stored
    procedure be executed, and the container and the account's keys not be read.

    Args:
        container: the resource id of a Cosmos DB container, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("cosmosdb.create_items", container, subscription, resource_group, label)


def write_items(
    container: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Create, replace and upsert the items of a container.

    The metadata of the container is read, too. No item can be deleted, read or queried, no stored procedure be
    executed, and the container and the account's keys not be read.

    Args:
        container: the resource id of a Cosmos DB container, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("cosmosdb.write_items", container, subscription, resource_group, label)


def delete_items(
    container: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Delete items of a container whose ids and partition keys are known.

    The metadata of the container is read, too. No item can be written, read or queried, no stored procedure be
    executed, and the container and the account's keys not be read.

    Args:
        container: the resource id of a Cosmos DB container, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("cosmosdb.delete_items", container, subscription, resource_group, label)
