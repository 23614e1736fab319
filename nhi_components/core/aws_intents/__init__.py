"""Curated intents: for one job on AWS, the least actions that do it, on one target."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType
from typing import Final

from nhi_components.core.aws_intents import (
    cloudwatch,
    dynamodb,
    ecr,
    events,
    kinesis,
    kms,
    lambda_,
    logs,
    s3,
    secretsmanager,
    sns,
    sqs,
    ssm,
    sts,
)
from nhi_components.core.intents import Intent

__all__ = ["INTENTS"]

_SERVICES = (sqs, sns, s3, dynamodb, secretsmanager, kms, ssm, events, kinesis, lambda_, ecr, cloudwatch, logs, sts)

INTENTS: Final[Mapping[str, Intent]] = MappingProxyType(
    {intent.id: intent for intent in chain.from_iterable(service.INTENTS for service in _SERVICES)}
)
"""Every intent by its id, service by service."""
