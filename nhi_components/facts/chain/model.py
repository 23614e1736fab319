"""The identities of one stack, and the steps by which one becomes another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from nhi_components.facts.model import Fact, Resource

MOST_CHECKS: Final = 500_000
"""Pairs of identities that one search looks at before it gives up and says so; about ten seconds of one processor."""


class Part(NamedTuple):
    """A resource that is an identity, grants something to one, or runs as one.

    Attributes:
        resource: the resource.
        inputs: as `PulumiResource.inputs`.
        facts: what its reader learned.
        outputs: what the system has told of it, such as `arn`; empty before it exists.
        references: the names of the resources from which each input takes its value, where that is told.
    """

    resource: Resource
    inputs: Mapping[str, Any]
    facts: tuple[Fact, ...] = ()
    outputs: Mapping[str, Any] = {}
    references: Mapping[str, tuple[str, ...]] = {}

    def told(self, outputs: Mapping[str, Any], references: Mapping[str, tuple[str, ...]]) -> Part:
        """Give the same part with what is told of it later."""
        return self._replace(outputs=outputs, references=references)

    def inside(self, file: str) -> Part:
        """Give the same part under names that no other file has."""
        references = {name: tuple(f"{file}: {each}" for each in others) for name, others in self.references.items()}
        return self._replace(
            resource=self.resource._replace(name=f"{file}: {self.resource.name}"), references=references
        )


class Identity(NamedTuple):
    """One identity.

    Attributes:
        key: unique in the graph.
        name: how people call it.
        kind: what it is, such as `role`.
        resource: what it was read from.
    """

    key: str
    name: str
    kind: str
    resource: Resource


class Step(NamedTuple):
    """One identity may become another.

    Attributes:
        source: key of the one.
        target: key of the other.
        how: what it may do to the other, such as `assume`.
        note: what makes that possible, or limits it; empty for nothing.
        place: where that is granted.
        certain: it does not hang on a value that is not known yet.
    """

    source: str
    target: str
    how: str
    note: str
    place: str
    certain: bool = True


class Power(NamedTuple):
    """Why an identity is administrator, or as good as one.

    Attributes:
        how: as the end of a sentence that begins with its name: `is administrator (* on *)`.
        place: where that is granted.
        told: another rule tells it: one about a document that grants it alone, or about documents together.
    """

    how: str
    place: str
    told: bool = True


class Rewriting(NamedTuple):
    """One identity may change what another, or itself, is granted.

    Attributes:
        editor: key of the one.
        edited: key of the other.
        how: what it may do, such as `put a policy on`.
        place: where that is granted.
    """

    editor: str
    edited: str
    how: str
    place: str


class Combination(NamedTuple):
    """What documents of one identity allow only together.

    Attributes:
        identity: whose they are.
        what: the ways to more privilege that open.
        from_documents: which document grants which of the steps, as text.
        place: where the first of them stands.
    """

    identity: Identity
    what: tuple[str, ...]
    from_documents: tuple[str, ...]
    place: str


class Unlinked(NamedTuple):
    """A grant of which it is not known who holds it.

    Attributes:
        resource: the grant.
        path: the input that would tell.
        got: what stands there.
    """

    resource: Resource
    path: str
    got: str


@dataclass(slots=True)
class Budget:
    """How many pairs of identities may still be looked at."""

    left: int = MOST_CHECKS

    def spend(self, checks: int = 1) -> bool:
        """Take some; tell whether that many were left."""
        self.left -= checks
        return self.left >= 0


class IdentitySystem(Protocol):
    """The identities of one system, such as AWS."""

    @property
    def identities(self) -> Mapping[str, Identity]:
        """Them, by key."""

    @property
    def unlinked(self) -> Sequence[Unlinked]:
        """Grants whose holders are not known."""

    def powers(self, now: datetime) -> Mapping[str, Power]:
        """Which of them are administrators, or as good as that."""

    def combinations(self, now: datetime) -> Iterable[Combination]:
        """What their documents allow only together."""

    def rewritings(self, now: datetime, budget: Budget) -> Iterable[Rewriting]:
        """Which of them may change what others, or they themselves, are granted."""

    def into(self, key: str, now: datetime, among: Collection[str], budget: Budget) -> Iterable[Step]:
        """Yield the steps to an identity, of any system, from those of this one that are among some."""


@dataclass(slots=True)
class IdentityGraph:
    """All identities that were read together.

    Attributes:
        resource: names the whole.
        systems: theirs.
        identities: all of them by key.
        found: what was searched at a moment; see `chain.search`.
    """

    resource: Resource
    systems: tuple[IdentitySystem, ...]
    identities: Mapping[str, Identity] = field(init=False)
    found: dict[datetime, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Gather the identities of all systems."""
        self.identities = {key: identity for system in self.systems for key, identity in system.identities.items()}
