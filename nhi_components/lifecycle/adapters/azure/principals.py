"""Principals that roles are assigned to: what one is, whichever part of Microsoft's cloud keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.adapters.azure.marks import CutOffMark, mark_of


@dataclass(frozen=True, slots=True)
class Principal:
    """What a principal is now.

    Attributes:
        kind: a managed identity, or an application's service principal.
        name: the resource id of a managed identity, the display name of a service principal.
        object_id: what a principal made anew under the same name never shares; roles are assigned to it.
        lease: the lease that it bears.
        tags: those that it bears.
        owner: what its federated credentials are below: the resource id, or the object id of the application.
        enabled: whether Entra issues tokens to it; always of a managed identity, which can't be disabled.
    """

    kind: LinkKind
    name: str
    object_id: str
    lease: str | None
    tags: Mapping[str, str]
    owner: str
    enabled: bool = True

    @property
    def mark(self) -> CutOffMark | None:
        """What it tells of a cut-off."""
        return mark_of(self.tags)


class Principals(Protocol):
    """The principals of one kind that a connection reaches."""

    def find(self, name: str, object_id: str | None, lease_id: str) -> Principal | None:
        """Read a principal by its name; where several have it, the one that is the lease's."""

    def retag(self, principal: Principal, tags: Mapping[str, str]) -> None:
        """Replace its tags."""

    def enable(self, principal: Principal, *, enabled: bool) -> None:
        """Let Entra issue tokens to it or not; nothing for a managed identity."""
