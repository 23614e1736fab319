"""Intents on queues of Amazon SQS."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import arn_shape
from nhi_components.core.intents import Intent, Part

_QUEUE: Final = arn_shape("the ARN of a queue", "sqs", r"[\w-]{1,80}(?:\.fifo)?", "orders")

INTENTS: Final = (
    Intent(
        id="sqs.send",
        purpose="Send messages to a queue, and find its URL.",
        excludes="No message can be received, deleted or purged, and the queue can't be changed or removed.",
        target=_QUEUE,
        parts=(Part(("sqs:SendMessage", "sqs:GetQueueUrl")),),
        notes="A queue encrypted with a key of one's own also needs `kms.encrypt` and `kms.decrypt` on that key.",
    ),
    Intent(
        id="sqs.consume",
        purpose="Receive messages from a queue, delay and delete them one by one, and read the queue's state.",
        excludes="No message can be sent or redriven, and the queue can't be purged, changed or removed.",
        target=_QUEUE,
        parts=(
            Part(
                (
                    "sqs:ReceiveMessage",
                    "sqs:DeleteMessage",
                    "sqs:ChangeMessageVisibility",
                    "sqs:GetQueueAttributes",
                    "sqs:GetQueueUrl",
                )
            ),
        ),
        notes="A queue encrypted with a key of one's own also needs `kms.decrypt` on that key.",
    ),
    Intent(
        id="sqs.measure",
        purpose="Read how long a queue is and how it is configured, as an autoscaler does.",
        excludes="No message can be sent, received or deleted.",
        target=_QUEUE,
        parts=(Part(("sqs:GetQueueAttributes", "sqs:GetQueueUrl")),),
    ),
)
