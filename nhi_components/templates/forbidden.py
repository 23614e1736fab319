"""What a template forbids, compared with what a grant really allows: wildcards on either side are followed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from nhi_components.core.aws_action import actions_of, matching_actions
from nhi_components.core.errors import Problem
from nhi_components.core.grant import Grant
from nhi_components.core.text import shown
from nhi_components.core.vault_path import overlaps
from nhi_components.templates.model import ForbiddenGrant, Template

_NAMED: Final = 3
"""Actions that a problem names where a wildcard covers more."""


def forbidden_grant_problems(template: Template, index: int, grant: Grant) -> Iterator[Problem]:
    """Find what a grant allows that its identity's template forbids.

    Args:
        template: of the identity's kind.
        index: which of the identity's grants it is, for the report.
        grant: a target that is known only at deployment is left to `forbidden_path_problems`.
    """
    place = f"grants[{index}]"
    capabilities = frozenset(action for action in grant.actions if not _is_of_iam(action))
    for name, forbidden in template.forbidden.items():
        for j, action in enumerate(grant.actions):
            if covered := _covered(forbidden, action):
                got = action if [action.lower()] == covered else f"{action}, which allows {_named(covered)}"
                yield _problem(f"{place}.actions[{j}]", got, template, name, forbidden)
    if capabilities:
        for j, target in enumerate(grant.targets):
            if isinstance(target, str):
                yield from forbidden_path_problems(template, f"{place}.targets[{j}]", target, capabilities)


def forbidden_path_problems(
    template: Template, place: str, target: str, capabilities: frozenset[str]
) -> Iterator[Problem]:
    """Judge one Vault path that is granted on; used again at deployment for a target that was unknown before."""
    for name, forbidden in template.forbidden.items():
        concerned = not forbidden.capabilities or capabilities.intersection(forbidden.capabilities)
        if concerned and any(overlaps(pattern, target) for pattern in forbidden.paths):
            yield _problem(place, shown(target), template, name, forbidden)


def _is_of_iam(action: str) -> bool:
    return any(character in action for character in ":*?")


def _covered(forbidden: ForbiddenGrant, action: str) -> list[str]:
    """Name what an action allows of what is forbidden, the action itself where AWS documents nothing of it."""
    lower = action.lower()
    allowed = matching_actions(lower)
    if allowed:
        return sorted(allowed & _documented(forbidden.actions))
    return [lower] if any(_globs_meet(pattern.lower(), lower) for pattern in forbidden.actions) else []


@lru_cache(maxsize=256)
def _documented(patterns: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*(matching_actions(pattern) for pattern in patterns))


@lru_cache(maxsize=4096)
def _globs_meet(one: str, other: str) -> bool:
    """Tell whether there is a text that both patterns match."""
    width = len(other)
    beyond = [all(each == "*" for each in other[j:]) for j in range(width + 1)]
    for i in range(len(one) - 1, -1, -1):
        row = [False] * (width + 1)
        row[width] = one[i] == "*" and beyond[width]
        for j in range(width - 1, -1, -1):
            if "*" in (one[i], other[j]):
                row[j] = beyond[j] or row[j + 1]
            else:
                row[j] = (one[i] == other[j] or "?" in (one[i], other[j])) and beyond[j + 1]
        beyond = row
    return beyond[0]


def _named(actions: list[str]) -> str:
    spelled = []
    for action in actions[:_NAMED]:
        service, _, name = action.partition(":")
        spelled.append(f"{service}:{actions_of(service).get(name, name)}")
    more = len(actions) - _NAMED
    return ", ".join(spelled) + (f" and {more} more" if more > 0 else "")


def _problem(place: str, got: str, template: Template, name: str, forbidden: ForbiddenGrant) -> Problem:
    return Problem(
        place,
        got,
        f"nothing that the template of {template.kind} forbids as `{name}`: {forbidden.reason}",
        f"remove it; where it is needed, the organisation's templates permit `{name}`, with a reason",
    )
