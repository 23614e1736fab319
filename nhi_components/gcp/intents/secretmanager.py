"""Intents on secrets of Secret Manager."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.gcp.intents.granting import granted


def read_secret(secret: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Read the value of a secret, every version that is enabled.

    Versions can't be listed, added, disabled or destroyed, and the secret not be read, changed, removed or shared.

    Args:
        secret: the relative name of a secret, as its `id`.
        project: the project a secret lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("secretmanager.read_secret", secret, project=project, label=label)


def add_version(secret: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Add a version to a secret, which becomes the latest one.

    No value can be read, no version be listed, disabled or destroyed, and the secret not be read, changed, removed or
    shared.

    Args:
        secret: the relative name of a secret, as its `id`.
        project: the project a secret lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("secretmanager.add_version", secret, project=project, label=label)
