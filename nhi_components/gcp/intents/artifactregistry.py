"""Intents on repositories of Artifact Registry."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.gcp.intents.granting import granted


def pull(repository: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Pull images and packages of one repository by their names.

    Nothing can be pushed, tagged, deleted or listed, and the repository not be read, changed or shared.

    Args:
        repository: the relative name of an Artifact Registry repository, as its `id`.
        project: the project a repository lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("artifactregistry.pull", repository, project=project, label=label)


def push(repository: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Push images and packages to one repository and pull them; an existing tag may move.

    No version, tag or package can be deleted or listed, and the repository not be made, read, changed or shared.

    Args:
        repository: the relative name of an Artifact Registry repository, as its `id`.
        project: the project a repository lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("artifactregistry.push", repository, project=project, label=label)
