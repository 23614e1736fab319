"""The risk score of an identity: the points of its verdicts, each with its reason, ended at 100."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from nhi_components.core.inventory.verdicts import Judged, Owasp

HIGHEST: Final = 100


@dataclass(frozen=True, slots=True)
class Risk:
    """How much speaks against an identity.

    Attributes:
        key: of the identity.
        unique_id: its system's own id.
        verdicts: what speaks against it, what weighs most first.
    """

    key: str
    unique_id: str
    verdicts: tuple[Judged, ...]

    @property
    def score(self) -> int:
        """The sum of all points, 0 to 100."""
        return min(HIGHEST, sum(each.points for each in self.verdicts))

    @property
    def owasp(self) -> tuple[Owasp, ...]:
        """The risks of OWASP that it is an instance of."""
        return tuple(sorted({risk for each in self.verdicts for risk in each.owasp}, key=list(Owasp).index))


def risks_of(judged: Iterable[Judged]) -> list[Risk]:
    """Sum verdicts up by identity, the highest score first.

    Args:
        judged: verdicts, in any order.
    """
    by_identity: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for each in judged:
        by_identity[each.key, each.unique_id].append(each)
    risks = [
        Risk(key, unique_id, tuple(sorted(found, key=lambda each: (-each.points, each.verdict, each.degree))))
        for (key, unique_id), found in by_identity.items()
    ]
    return sorted(risks, key=lambda risk: (-risk.score, risk.key, risk.unique_id))
