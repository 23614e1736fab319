"""Intents on queues and topics of Service Bus."""

from __future__ import annotations

import pulumi

from nhi_components.azure.intents.granting import granted
from nhi_components.core.grant import Grant


def send_to_queue(
    queue: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Send messages to a queue, also at a later time, and cancel those.

    No message can be received, and the queue and its keys not be read, changed or removed.

    Args:
        queue: the resource id of a Service Bus queue, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("servicebus.send_to_queue", queue, subscription, resource_group, label)


def receive_from_queue(
    queue: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Receive, peek and settle the messages of a queue, those in its dead-letter queue among them.

    No message can be sent, and the queue and its keys not be read, changed or removed.

    Args:
        queue: the resource id of a Service Bus queue, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("servicebus.receive_from_queue", queue, subscription, resource_group, label)


def send_to_topic(
    topic: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Send messages to a topic, also at a later time, and cancel those.

    No message can be received, no subscription or rule be made, and the topic and its keys not be read, changed or
    removed.

    Args:
        topic: the resource id of a Service Bus topic, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("servicebus.send_to_topic", topic, subscription, resource_group, label)


def receive_from_subscription(
    topic_subscription: pulumi.Input[str],
    *,
    subscription: str | None = None,
    resource_group: str | None = None,
    label: str = "",
) -> tuple[Grant, ...]:
    """Receive, peek and settle the messages of one subscription of a topic, dead-lettered ones among them.

    No message can be sent, no other subscription be received from, and no subscription or rule be read, made, changed
    or removed.

    Args:
        topic_subscription: the resource id of a Service Bus subscription, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("servicebus.receive_from_subscription", topic_subscription, subscription, resource_group, label)
