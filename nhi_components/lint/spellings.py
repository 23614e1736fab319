"""The words by which people call platforms and kinds of documents."""

from __future__ import annotations

from typing import Final

from nhi_components.facts import DocumentKind, Platform

_OTHER_WORDS: Final[dict[str, Platform]] = {
    "amazon": Platform.AWS,
    "awscc": Platform.AWS,
    "google": Platform.GCP,
    "googlecloud": Platform.GCP,
    "googlebeta": Platform.GCP,
    "gcloud": Platform.GCP,
    "azuread": Platform.AZURE,
    "azurenative": Platform.AZURE,
    "azurerm": Platform.AZURE,
    "entra": Platform.AZURE,
    "entraid": Platform.AZURE,
    "microsoft": Platform.AZURE,
    "hashicorp": Platform.VAULT,
    "hashicorpvault": Platform.VAULT,
    "openbao": Platform.VAULT,
    "k8s": Platform.KUBERNETES,
    "kube": Platform.KUBERNETES,
}
_PLATFORMS: Final[dict[str, Platform]] = {**{platform.value: platform for platform in Platform}, **_OTHER_WORDS}
_KINDS: Final[dict[str, DocumentKind]] = {
    word: kind for kind in DocumentKind for word in (kind.value, kind.value.replace("_", ""))
}


def platform_called(word: object) -> Platform | None:
    """Give the platform that goes by a word, such as `google` or `azurerm`; None for no platform's word."""
    if not isinstance(word, str):
        return None
    return _PLATFORMS.get(word) or _PLATFORMS.get(_plain(word))


def kind_called(word: object) -> DocumentKind | None:
    """Give the kind of document that goes by a word, whatever its letter case and separators; None for no kind."""
    if not isinstance(word, str):
        return None
    return _KINDS.get(word) or _KINDS.get(_plain(word))


def _plain(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "").replace(" ", "")
