"""Intents on functions of AWS Lambda."""

from __future__ import annotations

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def invoke(function: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Invoke a function, and wait for its answer or not; with a qualified ARN, only that version or alias.

    The code, configuration and policy can't be read or changed; an unqualified ARN lets no version or alias be invoked
    by its own ARN, and a function URL is not meant.

    Args:
        function: the ARN of a function, with version or alias or without.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("lambda.invoke", function)
