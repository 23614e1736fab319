"""Intents on log groups of Amazon CloudWatch Logs."""

from __future__ import annotations

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def write(log_group: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Create streams in a log group and put events into them.

    No event can be read or deleted, and the group and its retention not be made, changed or removed.

    Args:
        log_group: the ARN of a log group, without `:*` at its end.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("logs.write", log_group)


def read(log_group: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Find the streams of a log group and read and filter their events.

    No event can be put, masked data stay masked, and no query or export can be started.

    Args:
        log_group: the ARN of a log group, without `:*` at its end.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("logs.read", log_group)
