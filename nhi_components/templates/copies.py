"""No two identities of a program hold the same grants by accident; that no field copies them: `core.copying`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from nhi_components.core.errors import Problem
from nhi_components.core.grant import Grant

SHORTEST_REASON: Final = 8


@dataclass(frozen=True, slots=True)
class Holder:
    """An identity of a program and what it is granted.

    Attributes:
        identity: its name; the same name in another environment or on another system is the same identity.
        grants: what it may do.
        reason: why it holds the same as another one, if it does; at least 8 characters.
    """

    identity: str
    grants: Sequence[Grant]
    reason: str = ""


def shared_grants(new: Holder, others: Iterable[Holder]) -> list[Problem]:
    """Find identities of another name that hold exactly what a new one is granted.

    The same actions on the same targets under the same conditions are refused, however they are divided into grants:
    two such identities are one that is used twice, and neither can be removed or reviewed by itself. The same actions
    on other targets are fine, and so is holding nothing. A reason, of either of the two, permits it.

    Args:
        new: about to be registered.
        others: registered before in the same program.
    """
    held = _held(new.grants)
    if not held or _is_reason(new.reason):
        return []
    return [
        Problem(
            "grants",
            f"exactly those of identity {other.identity!r}",
            "grants of its own, or a reason why two identities need the same",
            "use one identity, narrow the targets to what each needs, or say why in identity.shares_grants_because",
        )
        for other in others
        if other.identity != new.identity and not _is_reason(other.reason) and _held(other.grants) == held
    ]


def _is_reason(text: str) -> bool:
    return len(text.strip()) >= SHORTEST_REASON


def _held(grants: Iterable[Grant]) -> frozenset[tuple[object, ...]]:
    """Take grants apart into actions on targets; a target that is not known yet is only itself."""
    return frozenset(
        (action.lower(), target if isinstance(target, str) else id(target), _conditions(grant))
        for grant in grants
        for action in grant.actions
        for target in grant.targets
    )


def _conditions(grant: Grant) -> frozenset[tuple[object, ...]]:
    return frozenset(
        (operator, key, frozenset(values))
        for operator, tests in (grant.conditions or {}).items()
        for key, values in tests.items()
    )
