"""Which resources must name an owner and an end date, and where they do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from nhi_components.core import tags
from nhi_components.facts import UNKNOWN, Facts, Ownership, Unknown
from nhi_components.rules.config import JudgeConfig

_OURS = {"owner": tags.OWNER, "ends": tags.ENDS}


def governed(facts: Facts, config: JudgeConfig) -> Iterator[tuple[Ownership, Ownership]]:
    """Yield each governed resource with what answers for it: itself, or the nearest component that encloses it."""
    for ownership in facts.of(Ownership):
        if is_governed(ownership, config):
            enclosing = (other for other in facts.enclosing(ownership.resource, Ownership) if other.managed)
            yield ownership, next(enclosing, ownership)


def is_governed(ownership: Ownership, config: JudgeConfig) -> bool:
    """Tell whether a resource bears our mark, is of one of our types, or of a type that the team governs."""
    return ownership.managed or ownership.resource.type in config.governed


def label_of(ownership: Ownership, config: JudgeConfig, name: Literal["owner", "ends"]) -> str | Unknown | None:
    """Give the owner or the end date as it is written; None when it is missing."""
    if ownership.labels is UNKNOWN:
        return UNKNOWN
    team_key = config.tags.owner if name == "owner" else config.tags.ends
    return ownership.labels.get(team_key) or ownership.labels.get(_OURS[name])
