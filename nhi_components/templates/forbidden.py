"""What a template forbids, compared with what a grant really allows: wildcards on either side are followed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from nhi_components.core.aws_action import actions_of, matching_actions
from nhi_components.core.azure_catalogue import as_azure_writes_it
from nhi_components.core.azure_operation import contained, documented
from nhi_components.core.errors import Problem
from nhi_components.core.gcp_catalogue import all_permissions, matching, permissions_of
from nhi_components.core.grant import Grant
from nhi_components.core.text import shown
from nhi_components.core.vault_path import overlaps
from nhi_components.templates.model import ForbiddenGrant, Template

_NAMED: Final = 3
"""Actions that a problem names where a wildcard covers more."""


def forbidden_grant_problems(
    template: Template, index: int, grant: Grant, *, on_paths: bool = True
) -> Iterator[Problem]:
    """Find what a grant allows that its identity's template forbids.

    Args:
        template: of the identity's kind.
        index: which of the identity's grants it is, for the report.
        grant: a target that is known only at deployment is left to `forbidden_path_problems`.
        on_paths: whether targets may be paths of Vault; those of Kubernetes look like some.
    """
    place = f"grants[{index}]"
    capabilities = frozenset(
        action
        for action in grant.actions
        if not _is_of_azure(action) and not _is_of_gcp(action) and not _is_of_iam(action)
    )
    for name, forbidden in template.forbidden.items():
        for j, action in enumerate(grant.actions):
            if covered := _covered_by(forbidden, action):
                alone = [each.lower() for each in covered] == [action.lower()]
                got = action if alone else f"{action}, which allows {_named(covered)}"
                yield _problem(f"{place}.actions[{j}]", got, template, name, forbidden)
    if capabilities and on_paths:
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


def _covered_by(forbidden: ForbiddenGrant, action: str) -> list[str]:
    if _is_of_azure(action):
        return _covered_operations(forbidden, action)
    return _covered_permissions(forbidden, action) if _is_of_gcp(action) else _covered(forbidden, action)


def _is_of_azure(action: str) -> bool:
    """Tell whether it is an operation or a built-in role of Azure: nothing else has a `/` and no full stop behind."""
    last = action.rpartition("/")[2]
    return ("/" in action and "." not in last and ":" not in action) or contained(action) is not None


def _is_of_gcp(action: str) -> bool:
    """Tell whether it is a permission or a role of Google Cloud: nothing that AWS or Vault grants has a full stop."""
    return "." in action and ":" not in action


def _is_of_iam(action: str) -> bool:
    return any(character in action for character in ":*?")


def _covered_permissions(forbidden: ForbiddenGrant, action: str) -> list[str]:
    """Name what a permission or a role allows of what is forbidden."""
    contained = permissions_of(action)
    allowed = matching(action) or frozenset([action]) if contained is None else contained
    documented = frozenset[str]().union(*(matching(pattern) for pattern in forbidden.permissions))
    unheard_of = [each for each in allowed - all_permissions() for p in forbidden.permissions if _globs_meet(p, each)]
    return sorted({*(allowed & documented), *unheard_of})


def _covered_operations(forbidden: ForbiddenGrant, action: str) -> list[str]:
    """Name what an operation or a role allows of what is forbidden, the operation itself where Azure documents none."""
    role = contained(action)
    allowed = role if role is not None else documented(action) or {(action.lower(), False)}
    known = _documented_operations(forbidden.operations)
    unheard_of = (
        pair
        for pair in allowed - known
        if not documented(pair[0]) and any(_globs_meet(pattern.lower(), pair[0]) for pattern in forbidden.operations)
    )
    return sorted({as_azure_writes_it(name) for name, _ in {*(allowed & known), *unheard_of}})


@lru_cache(maxsize=256)
def _documented_operations(patterns: tuple[str, ...]) -> frozenset[tuple[str, bool]]:
    return frozenset().union(*(documented(pattern) for pattern in patterns))


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
    more = len(actions) - _NAMED
    return ", ".join(map(_spelled, actions[:_NAMED])) + (f" and {more} more" if more > 0 else "")


def _spelled(action: str) -> str:
    """Spell an action as its cloud does: those of AWS are compared in lower case."""
    service, colon, name = action.partition(":")
    return f"{service}:{actions_of(service).get(name, name)}" if colon else action


def _problem(place: str, got: str, template: Template, name: str, forbidden: ForbiddenGrant) -> Problem:
    return Problem(
        place,
        got,
        f"nothing that the template of {template.kind} forbids as `{name}`: {forbidden.reason}",
        f"remove it; where it is needed, the organisation's templates permit `{name}`, with a reason",
    )
