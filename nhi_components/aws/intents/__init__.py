"""Curated intents: what an identity does, instead of the actions that it takes.

Each gives the grants for one job on one target, which `grants=` of a component takes: `intents.sqs.send(queue.arn)`, or
several: `intents.sqs.send(queue.arn) + intents.s3.read_objects(bucket.arn, prefix="in/")`.
"""

from nhi_components.aws.intents import (
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

__all__ = [
    "cloudwatch",
    "dynamodb",
    "ecr",
    "events",
    "kinesis",
    "kms",
    "lambda_",
    "logs",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "sts",
]
