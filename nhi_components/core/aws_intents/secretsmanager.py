"""Intents on secrets of AWS Secrets Manager."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import arn_shape
from nhi_components.core.intents import Intent, Part

_SECRET: Final = arn_shape(
    "the ARN of a secret, with the six characters that Secrets Manager adds, or `??????` for them",
    "secretsmanager",
    r"secret:[\w/+=.@-]+-(?:[A-Za-z0-9]{6}|\?{6})",
    "secret:orders/database-a1B2c3",
)

INTENTS: Final = (
    Intent(
        id="secretsmanager.read_secret",
        purpose="Read the value of a secret, any version that is kept, and its description.",
        excludes="The value can't be changed or rotated, and the secret's policy not be read or changed.",
        target=_SECRET,
        parts=(Part(("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret")),),
        notes="A secret encrypted with a key of one's own also needs `kms.decrypt` on that key.",
    ),
    Intent(
        id="secretsmanager.write_secret",
        purpose="Put a new value into a secret, which becomes the current one.",
        excludes="No value can be read, and rotation, replicas, policy and secret not be changed or removed.",
        target=_SECRET,
        parts=(Part(("secretsmanager:PutSecretValue",)),),
        notes="A secret encrypted with a key of one's own also needs `kms.encrypt` and `kms.decrypt` on that key.",
    ),
)
