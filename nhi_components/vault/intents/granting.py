"""Hands what a Pulumi program names to an intent, whether it is known or comes at deployment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pulumi

from nhi_components.core.aws_intents import grants_of
from nhi_components.core.grant import Grant
from nhi_components.core.vault_intents import VAULT_INTENTS
from nhi_components.refusal import refusing_plainly


def granted(intent_id: str, target: Any, mount: str) -> tuple[Grant, ...]:
    """Grant what an intent lets do.

    Args:
        intent_id: such as `transit.encrypt`.
        target: the name of the key or role, or the path; text or a Pulumi output.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them. A target that turns out to be wrong at deployment fails it,
            before the policy is made.
    """
    intent, parameters = VAULT_INTENTS[intent_id], {"mount": mount}
    with refusing_plainly():
        if not isinstance(target, pulumi.Output | Awaitable):
            return grants_of(intent, target, parameters)
        output: pulumi.Output[str] = pulumi.Output.from_input(target)

        def derive(write: Callable[[str], str]) -> pulumi.Output[str]:
            return output.apply(refusing_plainly()(write))

        return grants_of(intent, parameters=parameters, derive=derive)
