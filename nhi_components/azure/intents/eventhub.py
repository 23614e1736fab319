"""Intents on event hubs."""

from __future__ import annotations

import pulumi

from nhi_components.azure.intents.granting import granted
from nhi_components.core.grant import Grant


def send(
    hub: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Send events to an event hub.

    No event can be received, no schema be read, no consumer group be made, and the hub and its keys not be read,
    changed or removed.

    Args:
        hub: the resource id of an event hub, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("eventhub.send", hub, subscription, resource_group, label)


def receive(
    hub: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Receive the events of an event hub, in any of its consumer groups.

    No event can be sent, no schema be read, no consumer group be made, and the hub and its keys not be read, changed or
    removed. A processor that keeps checkpoints in a container of blobs also needs `storage.read_blobs` and
    `storage.replace_blobs` on it.

    Args:
        hub: the resource id of an event hub, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("eventhub.receive", hub, subscription, resource_group, label)


def receive_in_group(
    group: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Receive the events of an event hub in one consumer group.

    No event can be received in another consumer group or be sent, no schema be read, and no consumer group be read,
    made, changed or removed. Clients that also ask the hub about itself, those of Python and of Functions among them,
    need `eventhub.receive`. A processor that keeps checkpoints in a container of blobs also needs `storage.read_blobs`
    and `storage.replace_blobs` on it.

    Args:
        group: the resource id of a consumer group, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("eventhub.receive_in_group", group, subscription, resource_group, label)
