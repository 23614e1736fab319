"""Intents on roles of others, by way of AWS STS."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import ACCOUNT, PARTITION
from nhi_components.core.intents import Intent, Part, Shape

_ROLE: Final = Shape(
    "the ARN of a role",
    rf"{PARTITION}:iam::{ACCOUNT}:role/[\w+=,.@/-]{{1,576}}",
    "arn:aws:iam::111122223333:role/orders-reader",
)

INTENTS: Final = (
    Intent(
        id="sts.assume_role",
        purpose="Become one role, in this account or another, when its trust policy admits it.",
        excludes="Sessions can't be tagged or given a source identity, and no other role be assumed.",
        target=_ROLE,
        parts=(Part(("sts:AssumeRole",)),),
    ),
)
