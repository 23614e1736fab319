"""The facts that one judgement is about, and what is known of the resources around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from nhi_components.facts.model import DeclaredGrants, Fact, Ownership, Resource

F = TypeVar("F", bound=Fact)


class Surroundings:
    """What is known of resources that enclose others: their declared grants and who answers for them."""

    def __init__(self) -> None:
        self._parents: dict[str, str | None] = {}
        self._facts: dict[str, list[Fact]] = {}

    def add(self, resource: Resource, facts: Iterable[Fact]) -> None:
        """Remember a resource and those of its facts that matter to what it encloses."""
        self._parents[resource.name] = resource.parent
        remembered: list[Fact] = [fact for fact in facts if isinstance(fact, DeclaredGrants | Ownership)]
        if remembered:
            self._facts[resource.name] = remembered

    def enclosing(self, resource: Resource, kind: type[F]) -> Iterator[F]:
        """Yield the facts of one kind of all resources that enclose this one, the nearest first."""
        seen: set[str] = set()
        name = resource.parent
        while name is not None and name not in seen:
            seen.add(name)
            yield from (fact for fact in self._facts.get(name, ()) if isinstance(fact, kind))
            name = self._parents.get(name)


class Facts:
    """The facts to judge, indexed by kind."""

    def __init__(self, facts: Iterable[Fact], surroundings: Surroundings | None = None) -> None:
        self._by_kind: dict[type[Fact], list[Fact]] = {}
        for fact in facts:
            self._by_kind.setdefault(type(fact), []).append(fact)
        self._surroundings = surroundings or Surroundings()

    def kinds(self) -> frozenset[type[Fact]]:
        """Give the kinds of which there are facts."""
        return frozenset(self._by_kind)

    def of(self, kind: type[F]) -> tuple[F, ...]:
        """Give the facts of exactly this kind, in the order of reading."""
        return tuple(fact for fact in self._by_kind.get(kind, ()) if isinstance(fact, kind))

    def enclosing(self, resource: Resource, kind: type[F]) -> Iterator[F]:
        """Yield the facts of one kind of the resources that enclose this one, the nearest first."""
        return self._surroundings.enclosing(resource, kind)
