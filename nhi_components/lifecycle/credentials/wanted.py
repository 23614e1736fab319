"""One credential as a run works on it: what is wanted, and what reaches its systems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from nhi_components.core.credential.dependents import Dependent
from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.credentials.dependents import Facts, Refreshed, Standing
from nhi_components.lifecycle.credentials.ports import CredentialSystem, Home, Place, Source

_SIDE_BY_SIDE = 8
"""Our own figure: places of one credential that are written at the same time."""

OpenCredentials = Callable[[System, str], CredentialSystem]

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Dependants(Protocol):
    """Asks and tells what uses a credential."""

    def look(self, dependents: Sequence[Dependent], facts: Facts) -> list[Standing]:
        """Tell which of them live, and which can be told of a new key."""

    def refresh(self, dependents: Sequence[Dependent], facts: Facts) -> list[Refreshed]:
        """Tell them of a new key; one that fails does not keep the others from being told."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What runs reach the world with.

    Attributes:
        open: binds a system's sources and places to a connection.
        dependants: asks and tells what uses a credential.
        clock: tells the time.
        sleep: waits that many seconds.
    """

    open: OpenCredentials
    dependants: Dependants
    clock: Clock
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One credential of one lease.

    Attributes:
        lease: whose it is.
        spec: what is wanted; its names are resolved.
        moved_from: the home that it had before, where that is another one.
    """

    lease: LeaseTags
    spec: CredentialSpec
    moved_from: PlaceSpec | None = None

    @property
    def subject(self) -> str:
        """Name it for people."""
        return f"credential of {self.lease.identity}.{self.lease.environment} ({self.spec.source.kind})"

    def source(self, tools: Tools) -> Source:
        """Open its source."""
        return tools.open(self.spec.source.system, self.spec.source.connection).source(self.spec.source)

    def home(self, tools: Tools) -> Home:
        """Open its first place."""
        return home_at(self.spec.places[0], tools)

    def copies(self, tools: Tools) -> list[Place]:
        """Open its other places."""
        return [tools.open(place.system, place.connection).place(place) for place in self.spec.places[1:]]


def home_at(spec: PlaceSpec, tools: Tools) -> Home:
    """Open a place that can be a home."""
    return cast(Home, tools.open(spec.system, spec.connection).place(spec))


def side_by_side(work: Callable[[_In], _Out], items: Sequence[_In]) -> list[_Out]:
    """Do something about several items at the same time, and give what came of each in their order."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(len(items), _SIDE_BY_SIDE)) as threads:
        return list(threads.map(work, items))
