"""What Deny statements and a permissions boundary leave of what a statement allows, resource by resource.

Source: IAM user guide, 'Policy evaluation logic' and 'Permissions boundaries'. A Deny takes away only what it denies
whatever the circumstances and whoever asks: one with a condition, or for named principals, takes away nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from nhi_components.core.glob import glob_matches
from nhi_components.facts.aws.patterns import reach_of
from nhi_components.facts.aws.traits import Named

if TYPE_CHECKING:
    from nhi_components.facts.aws.model import GrantDocument, Statement

ALL_RESOURCES: Final = ("*",)
_MOST_DENIALS: Final = 512
"""No principal's policies hold more Deny statements (IAM user guide, quotas: 10 policies of 6,144 characters); where
more are given none is taken into account, which may report too much and hides nothing."""

_NO_RESOURCE = ("",)
"""For statements of a trust policy, which name none."""

_ARN_PARTS = 6
_WILDCARD_OR_VARIABLE = re.compile(r"[*?]|\$\{[^}]*\}?")


class Left(NamedTuple):
    """Resources of one statement, and what caps its actions on them.

    Attributes:
        resources: the patterns.
        denied: what is taken away.
        allowed: what a boundary allows; None without a boundary.
    """

    resources: tuple[str, ...]
    denied: frozenset[Named]
    allowed: frozenset[Named] | None


class Caps(NamedTuple):
    """The Deny statements and the boundary that cap every Allow of a document.

    Attributes:
        denials: the Deny statements that hold always, those of the boundary included.
        boundary: the statements with which the boundary allows; None without a boundary.
    """

    denials: tuple[Statement, ...]
    boundary: tuple[Statement, ...] | None

    @classmethod
    def of(cls, document: GrantDocument) -> Caps | None:
        """Gather the caps of a document; None when there are none."""
        given = document.boundary
        denials = [s for s in (*document.statements, *(given or ())) if _always_denies(s)]
        if len(denials) > _MOST_DENIALS:
            denials = []
        boundary = None if given is None else tuple(s for s in given if s.allows)
        return cls(tuple(denials), boundary) if denials or boundary is not None else None

    def left_of(self, statement: Statement) -> Iterator[Left]:
        """Yield the resources of an Allow, those with the same caps together.

        A pattern that names no resource is joined by those narrower ones that a Deny with NotResource spares and to
        which a boundary is limited.
        """
        by_caps: dict[tuple[frozenset[Named], frozenset[Named] | None], list[str]] = {}
        resources = statement.resources if statement.not_resources is None else ALL_RESOURCES
        for resource in resources or _NO_RESOURCE:
            for pattern in self._narrowed(resource):
                caps = (self._denied_on(pattern, resource), self._allowed_on(pattern))
                by_caps.setdefault(caps, []).append(pattern)
        for (denied, allowed), patterns in by_caps.items():
            yield Left(tuple(patterns), denied, allowed)

    def _narrowed(self, resource: str) -> Iterator[str]:
        yield resource
        if reach_of(resource) is None:
            return
        spared = (pattern for denial in self.denials for pattern in denial.not_resources or ())
        narrower = (*spared, *(pattern for allowed in self.boundary or () for pattern in allowed.resources))
        for pattern in dict.fromkeys(narrower):
            if pattern != resource and (_covers(resource, pattern) or _names_a_part_of(pattern, resource)):
                yield pattern

    def _denied_on(self, pattern: str, resource: str) -> frozenset[Named]:
        return frozenset(
            named(d)
            for d in self.denials
            if not _spares(d, pattern) or (d.not_resources is None and not _spares(d, resource))
        )

    def _allowed_on(self, resource: str) -> frozenset[Named] | None:
        if self.boundary is None:
            return None
        return frozenset(named(s) for s in self.boundary if _admits(s, resource))


def named(statement: Statement) -> Named:
    """Give the actions that a statement names."""
    if statement.not_actions is not None:
        return Named(statement.not_actions, all_but=True)
    return Named(statement.actions, all_but=False)


def _always_denies(statement: Statement) -> bool:
    if statement.allows or statement.conditions or statement.not_principals is not None:
        return False
    return not statement.principals or any(principal.text == "*" for principal in statement.principals)


def _spares(denial: Statement, resource: str) -> bool:
    if denial.not_resources is not None:
        return any(_extends_to(pattern, resource) for pattern in denial.not_resources)
    if not denial.resources:
        return bool(resource)
    return not any(_covers(pattern, resource) for pattern in denial.resources)


def _admits(allowed: Statement, resource: str) -> bool:
    if allowed.not_resources is not None:
        return not any(_covers(pattern, resource) for pattern in allowed.not_resources)
    return any(_extends_to(pattern, resource) for pattern in allowed.resources)


@lru_cache(maxsize=16_384)
def _extends_to(pattern: str, resource: str) -> bool:
    """Tell whether a pattern matches a resource pattern, or a part of it that no narrower pattern stands for."""
    if _covers(pattern, resource):
        return True
    return not (_covers(resource, pattern) or _names_a_part_of(pattern, resource) or _are_apart(pattern, resource))


@lru_cache(maxsize=16_384)
def _names_a_part_of(pattern: str, resource: str) -> bool:
    """Tell whether a pattern names something, of which a resource pattern that names nothing may match a part."""
    return reach_of(pattern) is None and reach_of(resource) is not None and not _are_apart(pattern, resource)


@lru_cache(maxsize=16_384)
def _covers(pattern: str, resource: str) -> bool:
    """Tell whether a pattern matches at least what a resource pattern matches.

    An asterisk of the resource is matched as itself, which only another asterisk does; `?` in a pattern is not trusted
    with it, nor with a variable.
    """
    if "?" in pattern and ("*" in resource or "${" in resource):
        return pattern == resource
    return glob_matches(pattern, resource)


def _are_apart(one: str, other: str) -> bool:
    """Tell whether no resource can match both patterns; what can't be told is answered with no."""
    ours, theirs = one.split(":", _ARN_PARTS - 1), other.split(":", _ARN_PARTS - 1)
    if len(ours) != _ARN_PARTS or len(theirs) != _ARN_PARTS:
        return _differ(one, other)
    return any(_differ(mine, yours) for mine, yours in zip(ours, theirs, strict=True))


def _differ(one: str, other: str) -> bool:
    (head, tail), (its_head, its_tail) = _literal_ends(one), _literal_ends(other)
    return not (_begin_alike(head, its_head) and _begin_alike(tail[::-1], its_tail[::-1]))


def _literal_ends(pattern: str) -> tuple[str, str]:
    first = _WILDCARD_OR_VARIABLE.search(pattern)
    if first is None:
        return pattern, pattern
    *_, last = _WILDCARD_OR_VARIABLE.finditer(pattern)
    return pattern[: first.start()], pattern[last.end() :]


def _begin_alike(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
