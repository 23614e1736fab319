"""How a lease is written on objects of Kubernetes: what can be searched for in labels, the rest in annotations.

A label's value takes 63 characters of few kinds, which a lease id and our own name fit; the other tags need not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nhi_components.core.tags import (
    ENDS,
    ENVIRONMENT,
    IDENTITY,
    LEASE,
    MANAGED_BY,
    MANAGER,
    OWNER,
    PURPOSE,
    STACK,
    LeaseTags,
    lease_of_metadata,
)

_LEASE, _MANAGED_BY = LABELS = tuple(key.replace(":", "_") for key in (LEASE, MANAGED_BY))
"""The keys of `LeaseTags.to_metadata` that are labels."""

ANNOTATIONS = tuple(key.replace(":", "_") for key in (IDENTITY, ENVIRONMENT, OWNER, PURPOSE, ENDS, STACK))
"""The keys of it that are annotations."""


def selector(lease_id: str) -> str:
    """Write what chooses the objects of a lease."""
    return f"{_LEASE}={lease_id},{_MANAGED_BY}={MANAGER}"


def lease_of(found: Mapping[str, Any]) -> str | None:
    """Tell which lease an object bears; None when none of ours."""
    return lease_of_metadata(found["metadata"].get("labels") or {})


def marks(lease: LeaseTags) -> dict[str, dict[str, str]]:
    """Write a lease as an object's labels and annotations."""
    told = lease.to_metadata()
    return {"labels": {key: told[key] for key in LABELS}, "annotations": {key: told[key] for key in ANNOTATIONS}}
