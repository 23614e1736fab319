"""Does a document make its holder an administrator?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from nhi_components.core.aws_action import every_action, matching_actions
from nhi_components.facts.aws.model import GrantDocument, PolicyKind
from nhi_components.facts.aws.permission import ALL_BUT, Permission
from nhi_components.facts.aws.traits import CHANGES, EVERYTHING, WILDCARD, all_but, step_bits

NEARLY_ALL: Final = 0.75
"""Share of the documented actions from which on they are nearly all; PowerUserAccess allows 98 %."""


def administers(document: GrantDocument) -> tuple[str, str] | None:
    """Tell where and with what a document allows nearly everything on resources that it does not name.

    A boundary does so only when it also lets its holder's permissions be changed; everything else is what it is for.
    """
    permissions = document.permissions
    if not permissions.wide_traits & CHANGES or not permissions.wide_traits & WILDCARD:
        return None
    if document.kind is PolicyKind.BOUNDARY and not permissions.wide_traits & step_bits()["iam:attachrolepolicy"]:
        return None
    wide = [permission for permission in permissions.each if permission.wide_traits & CHANGES]
    for permission in wide:
        if found := _alone(permission):
            return found
    patterns = frozenset(text for p in wide for text in p.held_widely(WILDCARD))
    if sum(1 for pattern in patterns if "*" in pattern.partition(":")[0]) > 1 and _share(patterns) >= NEARLY_ALL:
        return wide[0].statement.path, f"{', '.join(sorted(patterns)[:3])} … together, on {wide[0].wide[0]}"
    return None


def _alone(permission: Permission) -> tuple[str, str] | None:
    statement = permission.statement
    for text in permission.held_widely(WILDCARD):
        traits = permission.traits_of(text)
        if text is ALL_BUT:
            left = len(all_but(statement.not_actions or ()))
            if left >= NEARLY_ALL * len(every_action()):
                return f"{statement.path}.NotAction", f"{text} on {permission.wide[0]}"
        elif traits & EVERYTHING and traits & CHANGES:
            return statement.place("Action", text), f"{text} on {permission.wide[0]}"
    return None


@lru_cache(maxsize=1024)
def _share(patterns: frozenset[str]) -> float:
    covered: frozenset[str] = frozenset()
    return len(covered.union(*(matching_actions(pattern) for pattern in patterns))) / len(every_action())
