"""Intents on container registries.

A registry is judged by its roles alone or, in the mode `AbacRepositoryPermissions`, by operations on the data of its
repositories; each counts in its own mode only, so that an intent holds those of both. Sources: Container Registry
documentation, 'Azure Container Registry Entra permissions and role assignments overview' and 'Azure attribute-based
access control (Azure ABAC) repository permissions in Azure Container Registry'.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.azure_intents.model import AzureIntent, named
from nhi_components.core.azure_resource import ResourceKind
from nhi_components.core.intents import Part

_REGISTRIES: Final = "Microsoft.ContainerRegistry/registries"
_REGISTRY: Final = named(ResourceKind.CONTAINER_REGISTRY, f"{_REGISTRIES}/shopprod")
_PULL: Final = (f"{_REGISTRIES}/pull/read", f"{_REGISTRIES}/repositories/content/read")
_PUSH: Final = (f"{_REGISTRIES}/push/write", f"{_REGISTRIES}/repositories/content/write")
_TOKENS: Final = "A token that the registry gave out stays good for its 75 minutes, whatever is removed meanwhile."

INTENTS: Final = (
    AzureIntent(
        id="containerregistry.pull",
        purpose="Pull the images of every repository of a registry.",
        excludes="Nothing can be pushed, signed, imported or deleted, and the registry and its credentials not be read "
        "or changed.",
        target=_REGISTRY,
        parts=(Part(_PULL),),
        kind=ResourceKind.CONTAINER_REGISTRY,
        nearest=("AcrPull", "Container Registry Repository Reader"),
        notes="A registry that is judged by its roles alone lets whoever pulls list repositories and tags, too. "
        f"{_TOKENS}",
    ),
    AzureIntent(
        id="containerregistry.push",
        purpose="Push images to every repository of a registry and pull them; an existing tag may move.",
        excludes="Nothing can be signed, imported or deleted, and the registry and its credentials not be read or "
        "changed.",
        target=_REGISTRY,
        parts=(Part((*_PULL, *_PUSH)),),
        kind=ResourceKind.CONTAINER_REGISTRY,
        nearest=("AcrPush", "Container Registry Repository Writer"),
        notes="It also makes repositories. A registry that is judged by its roles alone lets whoever pulls list "
        f"repositories and tags, too. {_TOKENS}",
    ),
)
