"""Intents on Secrets."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.kubernetes.intents.granting import granted


def read(namespace: str, name: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Read one Secret.

    No other can be read, none be listed or watched, which would return the values, and it not be changed.

    Args:
        namespace: the name of one namespace: where it is.
        name: the name of one Secret; text or a Pulumi output.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("secrets.read", namespace, name)
