"""Scopes and resource ids of Azure Resource Manager, and what lies within what.

Source: Azure RBAC documentation, 'Understand scope for Azure RBAC'. Letter case does not count.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from tools.doubles.azure.directory import TENANT

ROOT_GROUP = f"/providers/microsoft.management/managementgroups/{TENANT}"
"""The tenant's root management group, which encloses every subscription."""


@lru_cache(maxsize=16_384)
def normalised(scope: str) -> str:
    """A scope in small letters, without a slash at its end; the tenant's own is `/`."""
    return "/" + scope.strip().strip("/").lower()


@lru_cache(maxsize=16_384)
def is_within(scope: str, encloser: str) -> bool:
    """Tell whether a scope is another, or lies in it."""
    inner, outer = normalised(scope), normalised(encloser)
    if outer == "/" or inner == outer:
        return True
    return inner.startswith("/subscriptions/" if outer == ROOT_GROUP else f"{outer}/")


def subscription_of(scope: str) -> str:
    """The id of a scope's subscription, in small letters; empty for none."""
    parts = normalised(scope).split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "subscriptions" else ""


def stamp(moment: datetime) -> str:
    """A moment as Azure writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
