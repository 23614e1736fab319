"""Intents on container registries."""

from __future__ import annotations

import pulumi

from nhi_components.azure.intents.granting import granted
from nhi_components.core.grant import Grant


def pull(
    registry: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Pull the images of every repository of a registry.

    Nothing can be pushed, signed, imported or deleted, and the registry and its credentials not be read or changed. A
    registry that is judged by its roles alone lets whoever pulls list repositories and tags, too. A token that the
    registry gave out stays good for its 75 minutes, whatever is removed meanwhile.

    Args:
        registry: the resource id of a container registry, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("containerregistry.pull", registry, subscription, resource_group, label)


def push(
    registry: pulumi.Input[str], *, subscription: str | None = None, resource_group: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Push images to every repository of a registry and pull them; an existing tag may move.

    Nothing can be signed, imported or deleted, and the registry and its credentials not be read or changed. It also
    makes repositories. A registry that is judged by its roles alone lets whoever pulls list repositories and tags, too.
    A token that the registry gave out stays good for its 75 minutes, whatever is removed meanwhile.

    Args:
        registry: the resource id of a container registry, as its `id`.
        subscription: the subscription it lies in, when it is known at deployment only and that is not the identity's.
        resource_group: the resource group, likewise.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("containerregistry.push", registry, subscription, resource_group, label)
