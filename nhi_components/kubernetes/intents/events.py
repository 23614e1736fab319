"""Intents on events."""

from __future__ import annotations

from nhi_components.core.grant import Grant
from nhi_components.kubernetes.intents.granting import granted


def record(namespace: str) -> tuple[Grant, ...]:
    """Record events about objects of a namespace.

    None can be read, listed or deleted. Patching counts an event that recurs; which one can't be limited.

    Args:
        namespace: the name of one namespace: where it is.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("events.record", namespace)
