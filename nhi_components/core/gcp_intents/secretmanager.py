"""Intents on secrets of Secret Manager. Source: Secret Manager documentation, 'Access control with IAM'."""

from __future__ import annotations

from typing import Final

from nhi_components.core.gcp_intents.model import GcpIntent, named
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.core.intents import Part

_ACCESSOR: Final = "roles/secretmanager.secretAccessor"
_SECRET: Final = named(ResourceKind.SECRET, "projects/shop-prod/secrets/orders-database")

INTENTS: Final = (
    GcpIntent(
        id="secretmanager.read_secret",
        purpose="Read the value of a secret, every version that is enabled.",
        excludes="Versions can't be listed, added, disabled or destroyed, and the secret not be read, changed, "
        "removed or shared.",
        target=_SECRET,
        parts=(Part((_ACCESSOR,)),),
        kind=ResourceKind.SECRET,
        nearest=_ACCESSOR,
    ),
    GcpIntent(
        id="secretmanager.add_version",
        purpose="Add a version to a secret, which becomes the latest one.",
        excludes="No value can be read, no version be listed, disabled or destroyed, and the secret not be read, "
        "changed, removed or shared.",
        target=_SECRET,
        parts=(Part(("secretmanager.versions.add",)),),
        kind=ResourceKind.SECRET,
        nearest="roles/secretmanager.secretVersionAdder",
    ),
)
