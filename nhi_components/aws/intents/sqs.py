"""Intents on queues of Amazon SQS."""

from __future__ import annotations

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def send(queue: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Send messages to a queue, and find its URL.

    No message can be received, deleted or purged, and the queue can't be changed or removed. A queue encrypted with a
    key of one's own also needs `kms.encrypt` and `kms.decrypt` on that key.

    Args:
        queue: the ARN of a queue.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("sqs.send", queue)


def consume(queue: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Receive messages from a queue, delay and delete them one by one, and read the queue's state.

    No message can be sent or redriven, and the queue can't be purged, changed or removed. A queue encrypted with a key
    of one's own also needs `kms.decrypt` on that key.

    Args:
        queue: the ARN of a queue.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("sqs.consume", queue)


def measure(queue: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Read how long a queue is and how it is configured, as an autoscaler does.

    No message can be sent, received or deleted.

    Args:
        queue: the ARN of a queue.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("sqs.measure", queue)
