"""Finds an intent on Kubernetes and hands it what a Pulumi program names."""

from __future__ import annotations

from typing import Any

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.core.kubernetes_grant import LaterTarget, target_of
from nhi_components.core.kubernetes_intents import KUBERNETES_INTENTS
from nhi_components.intents import granted_by


def granted(intent_id: str, namespace: str, name: Any = None) -> tuple[Grant, ...]:
    """Grant what an intent lets do.

    Args:
        intent_id: such as `configmaps.read`.
        namespace: the namespace, as plain text: it decides which role is made.
        name: of the one object, as text or a Pulumi output; None for an intent on all of a namespace.

    Raises:
        SpecError: with everything that is wrong with them. A name that turns out to be wrong at deployment fails it,
            before anything is granted.
    """
    intent = KUBERNETES_INTENTS[intent_id]
    example = intent.parts[0].on[0].format(namespace="n", target="known-later")
    found = target_of(example)
    within, _, _ = example.removeprefix("n/").partition("/")

    def later(written: pulumi.Output[str]) -> LaterTarget:
        its_name: pulumi.Output[str] = written.apply(lambda text: text.split("/")[2])
        return LaterTarget(f"{namespace}/{within}", its_name, found.subresource if found else "")

    return granted_by(intent, name, {"namespace": namespace}, later)
