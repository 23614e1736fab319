"""Finds an intent on AWS and hands it what a Pulumi program names."""

from __future__ import annotations

from typing import Any

from nhi_components.core.aws_intents import INTENTS
from nhi_components.core.grant import Grant
from nhi_components.intents import granted_by


def granted(intent_id: str, target: Any, **parameters: object) -> tuple[Grant, ...]:
    """Grant what an intent lets do.

    Args:
        intent_id: such as `sqs.send`.
        target: the ARN of what it is about, as text or a Pulumi output; None for an intent whose actions take no
            resource.
        parameters: the intent's parameters, None where not given.

    Raises:
        SpecError: with everything that is wrong with target and parameters.
    """
    return granted_by(INTENTS[intent_id], target, parameters)
