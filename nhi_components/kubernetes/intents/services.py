"""Intents on Services."""

from __future__ import annotations

from nhi_components.core.grant import Grant
from nhi_components.kubernetes.intents.granting import granted


def watch(namespace: str) -> tuple[Grant, ...]:
    """List and watch the Services of a namespace and where they lead.

    None can be made, changed or deleted, and no pod be reached through the API server.

    Args:
        namespace: the name of one namespace: where it is.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("services.watch", namespace)
