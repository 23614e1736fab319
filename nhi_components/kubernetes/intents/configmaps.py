"""Intents on ConfigMaps."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.kubernetes.intents.granting import granted


def read(namespace: str, name: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Read one ConfigMap.

    No other can be read, none be listed or watched, and it not be changed or deleted.

    Args:
        namespace: the name of one namespace: where it is.
        name: the name of one ConfigMap; text or a Pulumi output.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("configmaps.read", namespace, name)


def watch(namespace: str, name: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Read one ConfigMap, and be told when it changes.

    No other can be read, listed or watched, and it not be changed or deleted. A client lists and watches it by the
    field selector `metadata.name=…` alone.

    Args:
        namespace: the name of one namespace: where it is.
        name: the name of one ConfigMap; text or a Pulumi output.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("configmaps.watch", namespace, name)


def update(namespace: str, name: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Read and change one ConfigMap that is there.

    None can be made or deleted, and no other be read or changed.

    Args:
        namespace: the name of one namespace: where it is.
        name: the name of one ConfigMap; text or a Pulumi output.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("configmaps.update", namespace, name)
