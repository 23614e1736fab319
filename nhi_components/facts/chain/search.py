"""Finds, for each identity, the shortest way to an administrator: breadth first, backwards from all administrators."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nhi_components.facts.chain.model import Budget, Identity, IdentityGraph, Power, Rewriting, Step


@dataclass(frozen=True, slots=True)
class Path:
    """How one identity becomes administrator.

    Attributes:
        start: the identity.
        steps: from it to the last one.
        power: what the last one may do.
        certain: no step hangs on a value that is not known yet.
    """

    start: Identity
    steps: tuple[Step, ...]
    power: Power
    certain: bool


@dataclass(slots=True)
class Found:
    """What a search found.

    Attributes:
        graph: what was searched.
        powers: administrators, by key.
        following: the next step towards an administrator, by the key of who takes it.
        doubtful: keys of those whose way hangs on a value that is not known yet.
        exhausted: the search was given up before its end.
    """

    graph: IdentityGraph
    powers: dict[str, Power] = field(default_factory=dict)
    following: dict[str, Step] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    exhausted: bool = False

    def path_of(self, key: str) -> Path | None:
        """Give the way of one identity; None when there is none, without steps when it is administrator itself."""
        steps: list[Step] = []
        at = key
        while at not in self.powers:
            step = self.following.get(at)
            if step is None:
                return None
            steps.append(step)
            at = step.target
        return Path(self.graph.identities[key], tuple(steps), self.powers[at], key not in self.doubtful)

    def paths(self) -> Iterator[Path]:
        """Yield the ways of all identities that have one, in the order in which they were read."""
        for key in self.graph.identities:
            path = self.path_of(key)
            if path is not None:
                yield path


def search(graph: IdentityGraph, now: datetime) -> Found:
    """Find every way to an administrator; the same moment is searched once.

    Args:
        graph: the identities.
        now: this moment (aware), at which dated grants hold or not.
    """
    found = graph.found.get(now)
    if not isinstance(found, Found):
        found = graph.found[now] = _searched(graph, now)
    return found


def _searched(graph: IdentityGraph, now: datetime) -> Found:
    budget = Budget()
    found = Found(graph)
    for system in graph.systems:
        found.powers.update(system.powers(now))
    _add_rewriting(found, now, budget)
    doubtful = _walk_back(found, found.powers, now, budget)
    _walk_doubtful(found, doubtful, now, budget)
    found.exhausted = budget.left < 0
    return found


def _steps_into(graph: IdentityGraph, key: str, now: datetime, among: set[str], budget: Budget) -> Iterator[Step]:
    for system in graph.systems:
        yield from system.into(key, now, among, budget)


def _walk_back(found: Found, goals: Iterable[str], now: datetime, budget: Budget) -> list[Step]:
    """Follow certain steps backwards; give the others back."""
    graph = found.graph
    waiting = deque(goals)
    unreached = set(graph.identities).difference(found.powers, found.following)
    room = len(unreached)
    doubtful: list[Step] = []
    while waiting and budget.left >= 0:
        for step in list(_steps_into(graph, waiting.popleft(), now, unreached, budget)):
            if not step.certain:
                doubtful.append(step)
            elif step.source in unreached:
                unreached.discard(step.source)
                found.following[step.source] = step
                waiting.append(step.source)
        if len(unreached) * 8 < room:  # going through a set takes as long as it once was large
            unreached, room = set(unreached), len(unreached)
    return doubtful


def _walk_doubtful(found: Found, doubtful: list[Step], now: datetime, budget: Budget) -> None:
    while doubtful:
        reached = []
        for step in doubtful:
            if step.source not in found.powers and step.source not in found.following:
                found.following[step.source] = step
                reached.append(step.source)
        before = set(found.following).difference(reached)
        doubtful = _walk_back(found, reached, now, budget)
        found.doubtful.update(reached, set(found.following) - before)


def _add_rewriting(found: Found, now: datetime, budget: Budget) -> None:
    """Make administrators of those who may change their own grants, or those of identities that they may become."""
    pairs = [each for system in found.graph.systems for each in system.rewritings(now, budget)]
    ancestors: dict[str, Mapping[str, Step]] = {}
    for pair in pairs:
        for key in {pair.editor, pair.edited}.difference(ancestors):
            ancestors[key] = _ancestors(found.graph, key, now, budget)
        _add_pair(found, pair, ancestors)


def _add_pair(found: Found, pair: Rewriting, ancestors: Mapping[str, Mapping[str, Step]]) -> None:
    names = found.graph.identities
    edited = names[pair.edited].name
    if pair.editor == pair.edited:
        power = Power(f"may {pair.how} itself", pair.place, told=False)
        found.powers.setdefault(pair.editor, power)
        return
    editors, reaching = ancestors[pair.editor], ancestors[pair.edited]
    if pair.editor in reaching:
        power = Power(f"may {pair.how} {edited}, which it may become", pair.place, told=False)
        found.powers.setdefault(pair.editor, power)
        return
    for key in editors.keys() & (reaching.keys() | {pair.edited}):
        editor = names[pair.editor].name
        how = f"may become {editor}, which may {pair.how} {edited if key != pair.edited else 'it'}"
        how += ", which it may become, too" if key != pair.edited else ""
        found.powers.setdefault(key, Power(how, editors[key].place, told=False))


def _ancestors(graph: IdentityGraph, key: str, now: datetime, budget: Budget) -> Mapping[str, Step]:
    """Give everyone who may become an identity, each with the first step."""
    first: dict[str, Step] = {}
    waiting = deque([key])
    unreached = set(graph.identities) - {key}
    room = len(unreached)
    while waiting and budget.left >= 0:
        for step in list(_steps_into(graph, waiting.popleft(), now, unreached, budget)):
            if step.certain and step.source in unreached:
                unreached.discard(step.source)
                first[step.source] = step
                waiting.append(step.source)
        if len(unreached) * 8 < room:  # going through a set takes as long as it once was large
            unreached, room = set(unreached), len(unreached)
    return first
