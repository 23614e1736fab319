"""What an action, as a policy writes it, lets its holder do: a set of traits as the bits of one integer.

Every action and pattern is looked up once and remembered, so that judging a statement is a union of integers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache, reduce
from itertools import chain
from operator import or_
from typing import Final, NamedTuple

from nhi_components.core.aws_action import (
    PERMISSIONS,
    READS,
    actions_of,
    codes_of,
    every_action,
    matching_actions,
    names_matching,
)
from nhi_components.core.glob import glob_matches
from nhi_components.facts.aws.escalation import METHODS, PASS_ROLE
from nhi_components.facts.aws.sensitive_actions import CREDENTIALS, DATA_READS, SHARING, changes_access

CHANGES: Final = 1 << 0
"""More than reads: its access level is neither Read nor List."""
SCOPABLE: Final = 1 << 1
"""It can be granted on chosen resources."""
SCOPABLE_CHANGE: Final = 1 << 2
"""One and the same action is both."""
CHANGES_ACCESS: Final = 1 << 3
"""It changes who may access a resource."""
READS_DATA: Final = 1 << 4
"""It returns what a store holds."""
GIVES_CREDENTIALS: Final = 1 << 5
"""It returns or makes credentials of others."""
PASSES_ROLE: Final = 1 << 6
"""It is, or covers, iam:PassRole."""
WILDCARD: Final = 1 << 7
"""It is written as a pattern."""
EVERY_OF_SERVICE: Final = 1 << 8
"""It covers every action of at least one service."""
NEARLY_ALL: Final = 1 << 9
"""It covers all or nearly all actions of all services."""
_NEARLY_ALL_SHARE: Final = 0.75
"""Share of the documented actions from which on they are nearly all; PowerUserAccess allows 98 %."""
UNKNOWN_TO_AWS: Final = 1 << 10
"""AWS documents no such action, or none that the pattern covers."""

NOT_ACTION: Final = 1 << 11
"""A statement allows by NotAction."""
NOT_RESOURCE: Final = 1 << 12
"""A statement allows by NotResource."""
ADMITS_CALLERS: Final = 1 << 13
"""The document hangs on what is used, and names principals."""
MALFORMED: Final = 1 << 14
"""It has not the form of an action."""

_FIRST_STEP = 15


@cache
def step_bits() -> Mapping[str, int]:
    """Give each action that is part of an escalation method a bit of its own, above the other traits."""
    steps = dict.fromkeys(chain.from_iterable(_steps()))
    return {action: 1 << (_FIRST_STEP + number) for number, action in enumerate(steps)}


class _Remembered(dict[str, int]):
    """Traits by action; a plain dictionary, because the bookkeeping of an LRU cache costs more than all the rest."""

    most: Final = 100_000

    def __missing__(self, text: str) -> int:
        if type(text) is not str:
            raise TypeError
        if len(self) >= self.most:
            self.clear()
        traits = self[text] = _worked_out(text)
        return traits


_traits = _Remembered()
traits_of: Final[Callable[[str], int]] = _traits.__getitem__
"""Give the traits of one action or pattern as it stands in a policy."""


def _worked_out(text: str) -> int:
    if not _is_action(text):
        return MALFORMED
    service, colon, name = text.lower().partition(":")
    if "*" not in text and "?" not in text:
        action = f"{service}:{name}"
        known = _documented.of(service).get(action)
        return UNKNOWN_TO_AWS | _named_traits(action, "Ws") if known is None else known
    if not text.strip("*?:") and "*" in service and (not colon or "*" in name):
        return _of_everything()
    if "*" in service or "?" in service or not colon:
        covered = matching_actions(text)
        whole = EVERY_OF_SERVICE if not name.strip("*") else 0
        return (traits_of_all(covered) if covered else UNKNOWN_TO_AWS) | WILDCARD | whole
    names = names_matching(service, name)
    if not names:
        return UNKNOWN_TO_AWS | WILDCARD | (EVERY_OF_SERVICE | CHANGES if not name.strip("*") else 0)
    whole = EVERY_OF_SERVICE if not name.strip("*") or len(names) == len(actions_of(service)) > 1 else 0
    return traits_of_all(f"{service}:{name}" for name in names) | WILDCARD | whole


def traits_of_all(actions: Iterable[str]) -> int:
    """Give the traits of several documented actions, `service:name` in lower case, that one pattern stands for.

    Actions that only read count as scopable when most of them are: who writes `ec2:Describe*` can't write it otherwise.
    """
    traits, reads, scopable_reads = 0, 0, 0
    for action in actions:
        found = _documented[action]
        if not found & CHANGES:
            reads += 1
            scopable_reads += bool(found & SCOPABLE)
            found &= ~SCOPABLE
        traits |= found
    return traits | SCOPABLE if scopable_reads * 2 > reads else traits


def union_of(texts: Iterable[str]) -> int:
    """Give the traits of several actions and patterns together."""
    return reduce(or_, map(traits_of, texts), 0)


class Named(NamedTuple):
    """The actions that one statement names.

    Attributes:
        patterns: as they are written.
        all_but: they stand in NotAction.
    """

    patterns: tuple[str, ...]
    all_but: bool


@lru_cache(maxsize=16_384)
def traits_left(named: Named, denied: frozenset[Named], allowed: frozenset[Named] | None) -> int | None:
    """Give the traits of what is left of some actions; None when nothing is.

    Args:
        named: what a statement allows.
        denied: what is taken away.
        allowed: what a boundary allows; None without a boundary.
    """
    covered = _covered(named)
    if not covered:
        return _undiminished(named) if _is_left(named, denied, allowed) else None
    left = covered - _covered_by_any(denied)
    if allowed is not None:
        left &= _covered_by_any(allowed)
    if left == covered:
        return _undiminished(named)
    if not left:
        return None
    traits = traits_of_all(left) | (WILDCARD if len(covered) > 1 else 0) | _breadth(left)
    return traits | (EVERY_OF_SERVICE if _has_a_whole_service(left) else 0)


def _is_left(unknown: Named, denied: frozenset[Named], allowed: frozenset[Named] | None) -> bool:
    """Tell whether actions that AWS does not document are left, by how they are written."""
    if unknown.all_but:
        return True
    for text in unknown.patterns:
        if any(_names(each, text) for each in denied) or not (
            allowed is None or any(_names(each, text) for each in allowed)
        ):
            return False
    return True


def _names(named: Named, text: str) -> bool:
    return named.all_but != any(glob_matches(pattern.lower(), text.lower()) for pattern in named.patterns)


def _has_a_whole_service(actions: frozenset[str]) -> bool:
    counts = Counter(action.partition(":")[0] for action in actions)
    return any(count > 1 and count == len(actions_of(service)) for service, count in counts.items())


@lru_cache(maxsize=4096)
def traits_of_all_but(patterns: tuple[str, ...]) -> int:
    """Give the traits of what NotAction with these patterns allows."""
    left = all_but(patterns)
    return traits_of_all(left) | WILDCARD | _breadth(left) | (EVERY_OF_SERVICE if _has_a_whole_service(left) else 0)


def all_but(patterns: tuple[str, ...]) -> frozenset[str]:
    """Name the documented actions that none of the patterns covers."""
    return _covered(Named(patterns, all_but=True))


@lru_cache(maxsize=4096)
def _covered(named: Named) -> frozenset[str]:
    covered: frozenset[str] = frozenset()
    if named.all_but:
        return every_action().difference(*(matching_actions(pattern) for pattern in named.patterns))
    return covered.union(*(matching_actions(pattern) for pattern in named.patterns))


@lru_cache(maxsize=1024)
def _covered_by_any(each: frozenset[Named]) -> frozenset[str]:
    covered: frozenset[str] = frozenset()
    return covered.union(*(_covered(named) for named in each))


def are_nearly_all(patterns: frozenset[str]) -> bool:
    """Tell whether patterns together cover nearly all documented actions."""
    return bool(_breadth(_covered(Named(tuple(sorted(patterns)), all_but=False))))


def _breadth(actions: frozenset[str]) -> int:
    return NEARLY_ALL if len(actions) >= _NEARLY_ALL_SHARE * len(every_action()) else 0


def _undiminished(named: Named) -> int:
    return traits_of_all_but(named.patterns) if named.all_but else union_of(named.patterns)


def _is_action(text: str) -> bool:
    service, _, name = text.partition(":")
    return bool(service and name) or bool(text and not text.strip("*?"))


def _steps() -> Iterable[Iterable[str]]:
    yield (PASS_ROLE,)
    for method in METHODS:
        yield method.on_others
        yield from method.beside


class _Documented(dict[str, int]):
    """Traits of the documented actions, `service:name` in lower case; worked out for a service when it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._services: set[str] = set()

    def __missing__(self, action: str) -> int:
        traits = self.of(action.partition(":")[0]).get(action)
        if traits is None:
            raise KeyError(action)
        return traits

    def of(self, service: str) -> Mapping[str, int]:
        """Give the traits of at least a service's actions."""
        if service not in self._services:
            for name, code in codes_of(service).items():
                action = f"{service}:{name.lower()}"
                self[action] = _traits[f"{service}:{name}"] = _named_traits(action, code)
            # Only now, or a thread that asks meanwhile would take what is not yet there for unknown to AWS.
            self._services.add(service)
        return self


_documented = _Documented()


def _named_traits(action: str, code: str) -> int:
    traits = _TRAITS_OF_CODE[code] | _particular().get(action, 0)
    return traits | CHANGES_ACCESS if code[0] == PERMISSIONS and changes_access(action, PERMISSIONS) else traits


_TRAITS_OF_CODE: Final = {
    level + scope: (CHANGES | (SCOPABLE_CHANGE if scope == "s" else 0) if level not in READS else 0)
    | (SCOPABLE if scope == "s" else 0)
    for level in "RLWTP"
    for scope in "s-"
}


@cache
def _particular() -> Mapping[str, int]:
    """Give the traits that single actions have beside those of their access level."""
    traits = dict(step_bits())
    for actions, trait in ((DATA_READS, READS_DATA), (CREDENTIALS, GIVES_CREDENTIALS), (SHARING, CHANGES_ACCESS)):
        for action in actions:
            traits[action] = traits.get(action, 0) | trait
    traits[PASS_ROLE] |= PASSES_ROLE
    return traits


@cache
def _of_everything() -> int:
    named = CHANGES | SCOPABLE | SCOPABLE_CHANGE | CHANGES_ACCESS | READS_DATA | GIVES_CREDENTIALS | PASSES_ROLE
    steps = sum(step_bits().values())
    return named | steps | WILDCARD | EVERY_OF_SERVICE | NEARLY_ALL
