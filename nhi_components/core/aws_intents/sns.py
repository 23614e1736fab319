"""Intents on topics of Amazon SNS."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import arn_shape
from nhi_components.core.intents import Intent, Part

INTENTS: Final = (
    Intent(
        id="sns.publish",
        purpose="Publish messages to a topic, one by one or in batches.",
        excludes="Nobody can be subscribed, the topic can't be changed or removed, and no text message be sent to a "
        "phone number.",
        target=arn_shape("the ARN of a topic", "sns", r"[\w-]{1,256}(?:\.fifo)?", "orders"),
        parts=(Part(("sns:Publish",)),),
        notes="A topic encrypted with a key of one's own also needs `kms.encrypt` and `kms.decrypt` on that key.",
    ),
)
