"""Dependents of a credential: which of them live, and having each take up a new one; all side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from nhi_components.core.credential.dependents import Dependent
from nhi_components.core.errors import NhiError
from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.credentials.hooks import Facts, Reach, ask, run

__all__ = ["AT_ONCE", "Facts", "HookDependants", "Refreshed", "Standing"]

AT_ONCE = 8
"""How many are asked or told at a time: our own figure; each may be a program of its own."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one dependent.

    Attributes:
        name: what people call it.
        alive: whether it lives; why that is not known.
        can_refresh: whether it can be told to take up a new credential; else it does so by itself.
    """

    name: str
    alive: bool | NotChecked
    can_refresh: bool

    @property
    def lives(self) -> bool:
        """Whether it has to be reckoned with: what could not be asked counts as alive."""
        return self.alive is not False


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of telling one dependent.

    Attributes:
        name: what people call it.
        at: when it was done, or had failed.
        problem: why it was not done; None when it was.
    """

    name: str
    at: datetime
    problem: str | None


@dataclass(frozen=True, slots=True)
class HookDependants:
    """Asks and tells dependents by their hooks, as `lifecycle.credentials.wanted.Dependants`.

    Attributes:
        reach: what hooks are reached through.
        clock: tells the time.
    """

    reach: Reach
    clock: Clock

    def look(self, dependents: Sequence[Dependent], facts: Facts) -> list[Standing]:
        """Ask every dependent whether it lives, in their order; one that declares no way to ask is taken to."""
        return _side_by_side(partial(self._standing, facts), dependents)

    def refresh(self, dependents: Sequence[Dependent], facts: Facts) -> list[Refreshed]:
        """Have those dependents that can be told take up the new credential, in their order.

        One that fails does not keep the others from it; whoever wants only those that live, chooses them beforehand.
        """
        told = [dependent for dependent in dependents if dependent.refresh is not None]
        return _side_by_side(partial(self._refreshed, facts), told)

    def _standing(self, facts: Facts, dependent: Dependent) -> Standing:
        alive: bool | NotChecked = True
        if dependent.alive is not None:
            try:
                alive = ask(dependent.alive, facts, self.reach, "alive")
            except NhiError as problem:
                alive = NotChecked(str(problem))
        return Standing(dependent.name, alive, dependent.refresh is not None)

    def _refreshed(self, facts: Facts, dependent: Dependent) -> Refreshed:
        problem = None
        if dependent.refresh is not None:
            try:
                run(dependent.refresh, facts, self.reach, "refresh")
            except NhiError as failure:
                problem = str(failure)
        return Refreshed(dependent.name, self.clock(), problem)


def _side_by_side(step: Callable[[Dependent], T], dependents: Sequence[Dependent]) -> list[T]:
    if not dependents:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(dependents))) as pool:
        return list(pool.map(step, dependents))
