"""Intents on repositories of Artifact Registry.

Source: Artifact Registry documentation, 'Configure roles and permissions': a push of a container image looks for the
layers that are there already, so that it asks for downloads, too.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.gcp_intents.model import GcpIntent, named
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.core.intents import Part

_REPOSITORY: Final = named(
    ResourceKind.REPOSITORY, "projects/shop-prod/locations/europe-west1/repositories/orders-images"
)

INTENTS: Final = (
    GcpIntent(
        id="artifactregistry.pull",
        purpose="Pull images and packages of one repository by their names.",
        excludes="Nothing can be pushed, tagged, deleted or listed, and the repository not be read, changed or shared.",
        target=_REPOSITORY,
        parts=(Part(("artifactregistry.repositories.downloadArtifacts",)),),
        kind=ResourceKind.REPOSITORY,
        nearest="roles/artifactregistry.reader",
    ),
    GcpIntent(
        id="artifactregistry.push",
        purpose="Push images and packages to one repository and pull them; an existing tag may move.",
        excludes="No version, tag or package can be deleted or listed, and the repository not be made, read, changed "
        "or shared.",
        target=_REPOSITORY,
        parts=(
            Part(
                (
                    "artifactregistry.repositories.downloadArtifacts",
                    "artifactregistry.repositories.uploadArtifacts",
                    "artifactregistry.tags.create",
                    "artifactregistry.tags.update",
                )
            ),
        ),
        kind=ResourceKind.REPOSITORY,
        nearest="roles/artifactregistry.writer",
    ),
)
