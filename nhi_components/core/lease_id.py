"""Lease ids, the suffix of physical names, and the names made with it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from nhi_components.core import azure_links, gcp_links, kubernetes_links
from nhi_components.core.adoption import ADOPTED
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.gcp_names import pool_id
from nhi_components.core.links import LinkKind

PREFIX = "lease-"
SUFFIX_LENGTH = 6
_BODY_LENGTH = 16
_PATTERN = re.compile(rf"{PREFIX}[a-z2-7]{{{_BODY_LENGTH}}}")

_WHOLE_NAMES: Final = (gcp_links.whole_name, azure_links.whole_name, kubernetes_links.whole_name)
"""What makes the names of links of systems on which these are known by whole names."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

IAM_PATH = "/nhi/"
KV_FOLDER = "nhi"
API_KEYS = ".keys"
"""What the path of an identity's entry of accepted API keys ends with, after the lease id."""

CLAIM = ".claim"
"""What the path of the entry ends with by which one run claims a credential for itself, after the entry's own path."""


def new_lease_id(seed: bytes) -> str:
    """Make a lease id of 80 bits from the engine's random seed; the same seed gives the same id.

    The engine keeps its seed in a saved plan, so the id is known at preview and holds when the plan is applied.
    """
    digest = hashlib.sha256(b"nhi lease\0" + seed).digest()
    return PREFIX + base64.b32encode(digest).decode("ascii").lower()[:_BODY_LENGTH]


def checked_lease_id(text: str) -> str:
    """Return the lease id, or raise `SpecError` when the text is none."""
    if _PATTERN.fullmatch(text):
        return text
    raise SpecError(
        "lease id",
        [
            Problem(
                "lease",
                text[:40],
                f"{PREFIX} and {_BODY_LENGTH} characters of a-z and 2-7",
                "copy it from a tag nhi:lease",
            )
        ],
    )


def lease_ids_in(text: str) -> set[str]:
    """Find every lease id in a text."""
    return set(_PATTERN.findall(text))


def is_lease_id(text: str) -> bool:
    """Tell whether a text is a lease id."""
    return bool(_PATTERN.fullmatch(text))


def suffix_of(lease_id: str) -> str:
    """The part of a lease id that physical names end with."""
    return lease_id[len(PREFIX) : len(PREFIX) + SUFFIX_LENGTH]


def physical_name(identity: str, environment: str, lease_id: str) -> str:
    """Name of a principal or a policy: identity, environment, suffix; at most 64 characters."""
    return f"{identity}-{environment}-{suffix_of(lease_id)}"


def kv_path(identity: str, environment: str, lease_id: str) -> str:
    """Path of the identity's Vault KV v2 entry below its mount; it bears the whole lease id."""
    return f"{KV_FOLDER}/{environment}/{identity}/{lease_id}"


def name_of(
    kind: LinkKind, identity: str, environment: str, lease_id: str, attributes: Mapping[str, str] = _NOTHING
) -> str:
    """Name or path of a bundle's linked resource of that kind; every place that needs it asks here.

    Args:
        kind: what it is.
        identity: the identity's name.
        environment: the identity's environment.
        lease_id: the identity's lease.
        attributes: of its link; with a `project` of Google Cloud, a `subscription` or a `vault` of Azure, or a
            `namespace` of Kubernetes, the name is the whole one, by which links are known. An adopted principal keeps
            the name that it has there.
    """
    if adopted := attributes.get(ADOPTED):
        return adopted
    for whole_name in _WHOLE_NAMES:
        if whole := whole_name(kind, identity, environment, lease_id, suffix_of(lease_id), attributes):
            return whole
    match kind:
        case LinkKind.VAULT_KV_PATH:
            return kv_path(identity, environment, lease_id)
        case LinkKind.VAULT_API_KEYS:
            return f"{kv_path(identity, environment, lease_id)}{API_KEYS}"
        case LinkKind.SECRETS_MANAGER_SECRET | LinkKind.SECRETS_MANAGER_POLICY:
            return f"{KV_FOLDER}/{environment}/{identity}-{suffix_of(lease_id)}"
        case LinkKind.GCP_WORKLOAD_IDENTITY_POOL:
            return pool_id(identity, environment, suffix_of(lease_id))
        case _:
            return physical_name(identity, environment, lease_id)
