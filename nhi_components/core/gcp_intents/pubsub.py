"""Intents on topics and subscriptions of Pub/Sub. Source: Pub/Sub documentation, 'Access control with IAM'."""

from __future__ import annotations

from typing import Final

from nhi_components.core.gcp_intents.model import GcpIntent, named
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.core.intents import Part

INTENTS: Final = (
    GcpIntent(
        id="pubsub.publish",
        purpose="Publish messages to a topic.",
        excludes="No message can be received, no subscription be attached, and the topic not be read, changed or "
        "removed.",
        target=named(ResourceKind.TOPIC, "projects/shop-prod/topics/orders"),
        parts=(Part(("pubsub.topics.publish",)),),
        kind=ResourceKind.TOPIC,
        nearest="roles/pubsub.publisher",
    ),
    GcpIntent(
        id="pubsub.consume",
        purpose="Pull, acknowledge and delay the messages of a subscription, and seek to a time.",
        excludes="Nothing can be published, no subscription or snapshot be made, none be attached to the topic, and "
        "the subscription not be read, changed or removed.",
        target=named(ResourceKind.SUBSCRIPTION, "projects/shop-prod/subscriptions/orders-billing"),
        parts=(Part(("pubsub.subscriptions.consume",)),),
        kind=ResourceKind.SUBSCRIPTION,
        nearest="roles/pubsub.subscriber",
        notes="A seek acknowledges or repeats every message in between.",
    ),
)
