"""Intents on private repositories of Amazon ECR."""

from __future__ import annotations

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def pull(repository: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Log in to the registry and pull images of one repository.

    No image can be pushed, tagged or deleted, and images not be listed.

    Args:
        repository: the ARN of a repository.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("ecr.pull", repository)


def push(repository: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Log in to the registry and push images to one repository; an existing tag may move.

    No layer can be downloaded, no image be deleted, and the repository and its policy not be changed.

    Args:
        repository: the ARN of a repository.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("ecr.push", repository)
