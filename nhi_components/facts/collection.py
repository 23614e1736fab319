"""The facts that one judgement is about, and what is known of the resources around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from nhi_components.facts.model import DeclaredGrants, Fact, Ownership, Resource

F = TypeVar("F", bound=Fact)
C = TypeVar("C")


_WITH_TRAITS: set[type] = set()


def with_traits(kind: type[C]) -> type[C]:
    """Let rules be chosen by the traits of facts of this kind: its attribute `traits`, bits of an integer."""
    _WITH_TRAITS.add(kind)
    return kind


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
        self._traits = 0
        for fact in facts:
            kind = type(fact)
            self._by_kind.setdefault(kind, []).append(fact)
            if kind in _WITH_TRAITS:
                self._traits |= fact.traits  # type: ignore[attr-defined]  # kinds with traits say so
        self._surroundings = surroundings or Surroundings()

    @property
    def traits(self) -> int:
        """The traits of all facts that have some, as bits."""
        return self._traits

    def kinds(self) -> frozenset[type[Fact]]:
        """Give the kinds of which there are facts."""
        return frozenset(self._by_kind)

    def of(self, kind: type[F]) -> Sequence[F]:
        """Give the facts of exactly this kind, in the order of reading."""
        return self._by_kind.get(kind, [])  # type: ignore[return-value]  # each list holds facts of its key's kind

    def enclosing(self, resource: Resource, kind: type[F]) -> Iterator[F]:
        """Yield the facts of one kind of the resources that enclose this one, the nearest first."""
        return self._surroundings.enclosing(resource, kind)
