"""Intents on streams of Amazon Kinesis Data Streams."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import arn_shape
from nhi_components.core.intents import Intent, Part

_STREAM: Final = arn_shape("the ARN of a data stream", "kinesis", r"stream/[\w.-]{1,128}", "stream/orders")
_KEY: Final = "A stream encrypted with a key of one's own also needs `kms.{intent}` on that key."

INTENTS: Final = (
    Intent(
        id="kinesis.produce",
        purpose="Put records on a stream, one by one or together.",
        excludes="No record can be read, and the stream and its shards not be changed or removed.",
        target=_STREAM,
        parts=(Part(("kinesis:PutRecord", "kinesis:PutRecords")),),
        notes=_KEY.format(intent="encrypt"),
    ),
    Intent(
        id="kinesis.consume",
        purpose="Read the records of a stream, shard by shard.",
        excludes="No record can be put, no consumer be registered, and the stream not be changed or removed.",
        target=_STREAM,
        parts=(
            Part(
                (
                    "kinesis:DescribeStreamSummary",
                    "kinesis:ListShards",
                    "kinesis:GetShardIterator",
                    "kinesis:GetRecords",
                )
            ),
        ),
        notes=_KEY.format(intent="decrypt"),
    ),
)
