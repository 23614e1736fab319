"""Intents on private repositories of Amazon ECR."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import arn_shape
from nhi_components.core.intents import Intent, Part

_REPOSITORY: Final = arn_shape(
    "the ARN of a repository", "ecr", r"repository/[a-z0-9](?:[a-z0-9._/-]{0,254}[a-z0-9])?", "repository/orders/api"
)
_LOG_IN: Final = Part(("ecr:GetAuthorizationToken",), ("*",))
"""The caller's own token for the registry; it opens no repository. AWS defines no resource for it."""

INTENTS: Final = (
    Intent(
        id="ecr.pull",
        purpose="Log in to the registry and pull images of one repository.",
        excludes="No image can be pushed, tagged or deleted, and images not be listed.",
        target=_REPOSITORY,
        parts=(
            Part(("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability")),
            _LOG_IN,
        ),
    ),
    Intent(
        id="ecr.push",
        purpose="Log in to the registry and push images to one repository; an existing tag may move.",
        excludes="No layer can be downloaded, no image be deleted, and the repository and its policy not be changed.",
        target=_REPOSITORY,
        parts=(
            Part(
                (
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:InitiateLayerUpload",
                    "ecr:UploadLayerPart",
                    "ecr:CompleteLayerUpload",
                    "ecr:PutImage",
                    "ecr:BatchGetImage",
                )
            ),
            _LOG_IN,
        ),
    ),
)
