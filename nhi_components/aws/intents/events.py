"""Intents on event buses of Amazon EventBridge."""

from __future__ import annotations

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def put_events(bus: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Put events on a bus, from whatever source.

    No rule can be made, changed or removed, and the bus and its policy not be changed.

    Args:
        bus: the ARN of an event bus.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("events.put_events", bus)
