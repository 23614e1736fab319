"""What a data plane asks before it does something: may whoever asks, and who is it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tools.doubles.azure.resources import Resources
from tools.doubles.messages import Request


class Holds(Protocol):
    """Tells whether the caller of a request may do something at a scope."""

    def __call__(
        self,
        request: Request,
        operation: str,
        scope: str,
        *,
        data: bool = False,
        about: Mapping[str, str] | None = None,
    ) -> bool:
        """Tell it, by what isn't denied and by the roles."""


@dataclass(frozen=True)
class Gate:
    """The way in.

    Attributes:
        holds: judges by roles.
        object_id_of: whom a request speaks for.
        is_operator: whether that is somebody who may do everything that isn't denied.
        resources: what there is.
        url: the double's own.
    """

    holds: Holds
    object_id_of: Callable[[Request], str]
    is_operator: Callable[[Request], bool]
    resources: Resources
    url: str

    def named(self, type_: str, name: str) -> dict[str, Any] | None:
        """A resource whose name is taken in all of Azure."""
        return self.resources.named(type_, name)
