"""Intents on topics and subscriptions of Pub/Sub."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.gcp.intents.granting import granted


def publish(topic: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Publish messages to a topic.

    No message can be received, no subscription be attached, and the topic not be read, changed or removed.

    Args:
        topic: the relative name of a topic, as its `id`.
        project: the project a topic lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("pubsub.publish", topic, project=project, label=label)


def consume(subscription: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Pull, acknowledge and delay the messages of a subscription, and seek to a time.

    Nothing can be published, no subscription or snapshot be made, none be attached to the topic, and the subscription
    not be read, changed or removed. A seek acknowledges or repeats every message in between.

    Args:
        subscription: the relative name of a subscription, as its `id`.
        project: the project a subscription lies in that is known at deployment only, when it is not that of the
            identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("pubsub.consume", subscription, project=project, label=label)
