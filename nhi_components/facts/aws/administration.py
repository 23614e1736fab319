"""Does a document make its holder an administrator?"""

from __future__ import annotations

from nhi_components.facts.aws.model import GrantDocument, PolicyKind
from nhi_components.facts.aws.permission import ALL_BUT
from nhi_components.facts.aws.traits import CHANGES, NEARLY_ALL, WILDCARD, are_nearly_all, step_bits


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
        for text in permission.held_widely(NEARLY_ALL):
            place = f"{permission.statement.path}.NotAction"
            if text is not ALL_BUT:
                place = permission.statement.place("Action", text)
            return place, f"{text} on {permission.wide[0]}"
    patterns = frozenset(text for permission in wide for text in permission.held_widely(WILDCARD))
    if sum(1 for pattern in patterns if "*" in pattern.partition(":")[0]) > 1 and are_nearly_all(patterns):
        return wide[0].statement.path, f"{', '.join(sorted(patterns)[:3])} … together, on {wide[0].wide[0]}"
    return None
