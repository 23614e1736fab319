"""Intents on Jobs."""

from __future__ import annotations

from nhi_components.core.grant import Grant
from nhi_components.kubernetes.intents.granting import granted


def watch(namespace: str) -> tuple[Grant, ...]:
    """List and watch the Jobs of a namespace.

    None can be made, changed, suspended or deleted, and no pod of theirs be read.

    Args:
        namespace: the name of one namespace: where it is.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("jobs.watch", namespace)
