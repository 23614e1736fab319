"""Intents on Deployments."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.kubernetes.intents.granting import granted


def watch(namespace: str) -> tuple[Grant, ...]:
    """List and watch the Deployments of a namespace.

    None can be made, changed, scaled, restarted or deleted. What stands as plain text in the environment of their pods
    is seen.

    Args:
        namespace: the name of one namespace: where it is.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("deployments.watch", namespace)


def scale(namespace: str, name: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Read and change how many pods one Deployment has.

    Its template can't be read or changed, it not be deleted, and no other be scaled.

    Args:
        namespace: the name of one namespace: where it is.
        name: the name of one Deployment; text or a Pulumi output.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("deployments.scale", namespace, name)
