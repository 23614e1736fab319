"""Where a link lives within Vault."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from nhi_components.core.lease_id import API_KEYS, CLAIM
from nhi_components.core.links import Link, LinkKind

_USUAL_MOUNTS: Mapping[LinkKind, str] = MappingProxyType(
    {
        LinkKind.VAULT_APPROLE: "approle",
        LinkKind.VAULT_JWT_ROLE: "jwt",
        LinkKind.VAULT_KUBERNETES_ROLE: "kubernetes",
        LinkKind.VAULT_ENTITY_ALIAS: "approle",
        LinkKind.VAULT_SECRET_ID: "approle",
        LinkKind.VAULT_KV_PATH: "secret",
        LinkKind.VAULT_KV_VERSION: "secret",
        LinkKind.VAULT_API_KEYS: "secret",
        LinkKind.VAULT_DATABASE_ROLE: "database",
        LinkKind.VAULT_LEASE: "database",
        LinkKind.VAULT_PKI_ROLE: "pki",
        LinkKind.VAULT_CERTIFICATE: "pki",
    }
)
"""Vault's own default paths of these mounts, for links that name none."""


def mount_of(link: Link) -> str:
    """Tell the mount that a link is on."""
    return link.attributes.get("mount", _USUAL_MOUNTS[link.kind]).strip("/")


def kind_of(path: str) -> LinkKind:
    """Tell by its path what a KV v2 entry without a link keeps: accepted API keys, or anything else."""
    return LinkKind.VAULT_API_KEYS if path.endswith(API_KEYS) else LinkKind.VAULT_KV_PATH


def is_claim(path: str) -> bool:
    """Tell by its path whether a KV v2 entry is a run's claim on a credential."""
    return path.endswith(CLAIM)


def entry_of(link: Link) -> tuple[str, int]:
    """Tell the path and the number of a KV version, whose name is `path@number`."""
    path, _, number = link.name.rpartition("@")
    return path, int(number)
