"""Intents on log groups of Amazon CloudWatch Logs."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import arn_shape
from nhi_components.core.intents import Intent, Part

_GROUP: Final = arn_shape(
    "the ARN of a log group, without `:*` at its end", "logs", r"log-group:[\w./#-]{1,512}", "log-group:/orders/api"
)
_GROUP_AND_STREAMS: Final = ("{target}", "{target}:*")
"""The second names the streams, and the group as most actions ask for it (CloudWatch Logs user guide, 'Overview of
managing access permissions to your CloudWatch Logs resources')."""

INTENTS: Final = (
    Intent(
        id="logs.write",
        purpose="Create streams in a log group and put events into them.",
        excludes="No event can be read or deleted, and the group and its retention not be made, changed or removed.",
        target=_GROUP,
        parts=(Part(("logs:CreateLogStream", "logs:PutLogEvents"), _GROUP_AND_STREAMS),),
    ),
    Intent(
        id="logs.read",
        purpose="Find the streams of a log group and read and filter their events.",
        excludes="No event can be put, masked data stay masked, and no query or export can be started.",
        target=_GROUP,
        parts=(Part(("logs:DescribeLogStreams", "logs:GetLogEvents", "logs:FilterLogEvents"), _GROUP_AND_STREAMS),),
    ),
)
