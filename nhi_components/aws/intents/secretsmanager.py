"""Intents on secrets of AWS Secrets Manager."""

from __future__ import annotations

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def read_secret(secret: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Read the value of a secret, any version that is kept, and its description.

    The value can't be changed or rotated, and the secret's policy not be read or changed. A secret encrypted with a key
    of one's own also needs `kms.decrypt` on that key.

    Args:
        secret: the ARN of a secret, with the six characters that Secrets Manager adds, or `??????` for them.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("secretsmanager.read_secret", secret)


def write_secret(secret: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Put a new value into a secret, which becomes the current one.

    No value can be read, and rotation, replicas, policy and secret not be changed or removed. A secret encrypted with a
    key of one's own also needs `kms.encrypt` and `kms.decrypt` on that key.

    Args:
        secret: the ARN of a secret, with the six characters that Secrets Manager adds, or `??????` for them.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("secretsmanager.write_secret", secret)
