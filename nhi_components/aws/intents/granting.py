"""Hands a Pulumi program's target to an intent, whether it is known or comes at deployment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pulumi

from nhi_components.core.aws_intents import INTENTS, grants_of
from nhi_components.core.grant import Grant
from nhi_components.refusal import refusing_plainly


def granted(intent_id: str, target: Any, **parameters: object) -> tuple[Grant, ...]:
    """Grant what an intent lets do.

    Args:
        intent_id: such as `sqs.send`.
        target: the ARN of what it is about, as text or a Pulumi output; None for an intent whose actions take no
            resource.
        parameters: the intent's parameters, None where not given.

    Raises:
        SpecError: with everything that is wrong with target and parameters. A target that turns out to be wrong at
            deployment fails it, before the policy is made.
    """
    intent = INTENTS[intent_id]
    with refusing_plainly():
        if not isinstance(target, pulumi.Output | Awaitable):
            return grants_of(intent, target, parameters)
        output: pulumi.Output[str] = pulumi.Output.from_input(target)

        def derive(write: Callable[[str], str]) -> pulumi.Output[str]:
            return output.apply(refusing_plainly()(write))

        return grants_of(intent, parameters=parameters, derive=derive)
