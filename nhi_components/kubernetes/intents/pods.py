"""Intents on pods."""

from __future__ import annotations

from nhi_components.core.grant import Grant
from nhi_components.kubernetes.intents.granting import granted


def watch(namespace: str) -> tuple[Grant, ...]:
    """List and watch the pods of a namespace.

    No log can be read, no command be run, no pod be attached to, forwarded to, made, changed, evicted or deleted. What
    stands as plain text in a pod's environment is seen.

    Args:
        namespace: the name of one namespace: where it is.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("pods.watch", namespace)


def read_logs(namespace: str) -> tuple[Grant, ...]:
    """Read the logs of the pods of a namespace whose names are known.

    Pods can't be read or listed, no command be run, and none be attached to. With `pods.watch` the names are found.

    Args:
        namespace: the name of one namespace: where it is.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("pods.read_logs", namespace)
