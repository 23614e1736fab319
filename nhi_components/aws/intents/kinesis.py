"""Intents on streams of Amazon Kinesis Data Streams."""

from __future__ import annotations

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def produce(stream: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Put records on a stream, one by one or together.

    No record can be read, and the stream and its shards not be changed or removed. A stream encrypted with a key of
    one's own also needs `kms.encrypt` on that key.

    Args:
        stream: the ARN of a data stream.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("kinesis.produce", stream)


def consume(stream: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Read the records of a stream, shard by shard.

    No record can be put, no consumer be registered, and the stream not be changed or removed. A stream encrypted with a
    key of one's own also needs `kms.decrypt` on that key.

    Args:
        stream: the ARN of a data stream.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("kinesis.consume", stream)
