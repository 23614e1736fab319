"""Intents on topics of Amazon SNS."""

from __future__ import annotations

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def publish(topic: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Publish messages to a topic, one by one or in batches.

    Nobody can be subscribed, the topic can't be changed or removed, and no text message be sent to a phone number. A
    topic encrypted with a key of one's own also needs `kms.encrypt` and `kms.decrypt` on that key.

    Args:
        topic: the ARN of a topic.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("sns.publish", topic)
