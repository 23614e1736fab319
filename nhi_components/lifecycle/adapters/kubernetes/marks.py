"""How a lease is written on objects of Kubernetes: what can be searched for in labels, the rest in annotations.

A label's value takes 63 characters of few kinds, which a lease id and our own name fit; the other tags need not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nhi_components.core.tags import LEASE, MANAGED_BY, MANAGER, LeaseTags, lease_of_metadata

_LEASE, _MANAGED_BY = LEASE.replace(":", "_"), MANAGED_BY.replace(":", "_")
_LABELS = (_LEASE, _MANAGED_BY)


def selector(lease_id: str) -> str:
    """Write what chooses the objects of a lease."""
    return f"{_LEASE}={lease_id},{_MANAGED_BY}={MANAGER}"


def lease_of(found: Mapping[str, Any]) -> str | None:
    """Tell which lease an object bears; None when none of ours."""
    return lease_of_metadata(found["metadata"].get("labels") or {})


def marks(lease: LeaseTags) -> dict[str, dict[str, str]]:
    """Write a lease as an object's labels and annotations."""
    told = lease.to_metadata()
    labels = {key: told[key] for key in _LABELS}
    return {"labels": labels, "annotations": {key: value for key, value in told.items() if key not in _LABELS}}


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str | None]:
    """Write what makes one mapping the other, as a merge patch: None for what goes."""
    return {**dict.fromkeys(before.keys() - after.keys()), **after}
