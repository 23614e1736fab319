"""Intents on event buses of Amazon EventBridge."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import arn_shape
from nhi_components.core.intents import Intent, Part

INTENTS: Final = (
    Intent(
        id="events.put_events",
        purpose="Put events on a bus, from whatever source.",
        excludes="No rule can be made, changed or removed, and the bus and its policy not be changed.",
        target=arn_shape("the ARN of an event bus", "events", r"event-bus/[\w./-]{1,256}", "event-bus/orders"),
        parts=(Part(("events:PutEvents",)),),
    ),
)
