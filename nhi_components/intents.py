"""Hands what a Pulumi program names to a curated intent, whether it is known or comes at deployment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.core.intents import Intent, grants_of
from nhi_components.refusal import refusing_plainly


def granted_by(
    intent: Intent,
    target: Any,
    parameters: Mapping[str, object],
    later: Callable[[pulumi.Output[str]], Any] = lambda output: output,
) -> tuple[Grant, ...]:
    """Grant what an intent lets do.

    Args:
        intent: the intent.
        target: the name of what it is about, as text or a Pulumi output; None for an intent whose actions take no
            resource.
        parameters: the intent's parameters, None where not given.
        later: what a grant names in the place of an output that is known only at deployment.

    Raises:
        SpecError: with everything that is wrong with target and parameters. A target that turns out to be wrong at
            deployment fails it, before anything is granted.
    """
    with refusing_plainly():
        if not isinstance(target, pulumi.Output | Awaitable):
            return grants_of(intent, target, parameters)
        output: pulumi.Output[str] = pulumi.Output.from_input(target)

        def derive(write: Callable[[str], str]) -> Any:
            return later(output.apply(refusing_plainly()(write)))

        return grants_of(intent, parameters=parameters, derive=derive)
