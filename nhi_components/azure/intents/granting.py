"""Finds an intent on Azure and hands it what a Pulumi program names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from nhi_components.core.azure_grant import later_target_problems
from nhi_components.core.azure_intents import INTENTS
from nhi_components.core.azure_resource import RESOURCE_GROUP_NAME, SUBSCRIPTION_ID, LaterTarget, target_of
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant
from nhi_components.core.text import shown
from nhi_components.intents import granted_by
from nhi_components.refusal import refusing_plainly

_LABEL: Final = r"[\w.-]{0,64}"


def granted(
    intent_id: str, target: Any, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Grant what an intent lets do.

    Args:
        intent_id: such as `servicebus.send_to_queue`.
        target: the resource id of what it is about; text or a Pulumi output.
        subscription: of a target that is known at deployment only, the subscription it lies in; None for the
            identity's own.
        resource_group: likewise, the resource group.
        label: likewise, tells it from another one that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them. A target that turns out to be wrong at deployment fails it,
            before anything is assigned.
    """
    intent = INTENTS[intent_id]
    grants = granted_by(
        intent, target, {}, lambda output: LaterTarget(intent.kind, output, subscription, resource_group, label)
    )
    problems = list(_place_problems(subscription, resource_group, label))
    known = target_of(target) if isinstance(target, str) else None
    if known and not problems:
        problems = later_target_problems("target", known, intent.kind, subscription or "", resource_group or "")
    with refusing_plainly():
        if problems:
            raise SpecError(f"intent {intent.id!r}", problems)
    return grants


def _place_problems(subscription: object, resource_group: object, label: object) -> Iterator[Problem]:
    for name, value, pattern, expected, example in (
        (
            "subscription",
            subscription,
            SUBSCRIPTION_ID,
            "the id of a subscription",
            "0f8fad5b-d9cb-469f-a165-70867728950e",
        ),
        ("resource_group", resource_group, RESOURCE_GROUP_NAME, "the name of a resource group", "shop-prod"),
        ("label", label, _LABEL, "a short word", "orders"),
    ):
        if value is None and name != "label":
            continue
        if not isinstance(value, str) or re.fullmatch(pattern, value, re.ASCII) is None:
            yield Problem(name, shown(value), f"{expected}, as plain text", f"write it like {example}")
