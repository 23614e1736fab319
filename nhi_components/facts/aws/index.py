"""Who holds something on a target? Statements by the resources that they name, so that pairs need not be tried."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from nhi_components.core.glob import glob_matches
from nhi_components.facts.aws.authorization import Held, Target, has_unknown_resource
from nhi_components.facts.aws.patterns import has_wildcard
from nhi_components.facts.aws.principals import Principal
from nhi_components.facts.aws.traits import traits_of_all_but
from nhi_components.facts.chain.model import Budget

_ARN_PARTS = 6


class HolderIndex:
    """Those principals whose statements allow some actions, by what they name as resource.

    Args:
        steps: the actions, as bits of `traits.step_bits`.
    """

    def __init__(self, steps: int) -> None:
        self._exact: dict[str, dict[str, None]] = {}
        self._patterns: dict[str, dict[str, None]] = {}
        self._by_reference: dict[str, dict[str, None]] = {}
        self._by_name: dict[str, list[str]] = {}
        self._steps = steps

    def add(self, key: str, principal: Principal, allowing: Iterable[Held]) -> None:
        """Add a principal and its Allow statements."""
        kind, _, path = principal.target.resource.partition("/")
        self._by_name.setdefault(f"{kind}/{path.rpartition('/')[2]}", []).append(key)
        for held in allowing:
            statement = held.statement
            traits = statement.traits
            if statement.not_actions is not None:
                traits = traits_of_all_but(statement.not_actions)
            if not traits & self._steps:
                continue
            for pattern in ("*",) if statement.not_resources is not None else statement.resources:
                self._file(key, pattern)
            if has_unknown_resource(statement):
                for reference in held.references:
                    self._by_reference.setdefault(reference, {})[key] = None

    def _file(self, key: str, pattern: str) -> None:
        parts = pattern.split(":", _ARN_PARTS - 1)
        end = parts[-1] if len(parts) == _ARN_PARTS else "*"
        if "${" in end:
            end = "*"
        place = self._patterns if has_wildcard(end) else self._exact
        place.setdefault(end, {})[key] = None

    def named(self, ends: Iterable[str]) -> Iterator[str]:
        """Yield the principals with these names, as `role/orders`."""
        for end in ends:
            yield from self._by_name.get(end, ())

    def holding(self, target: Target, among: Collection[str], budget: Budget) -> list[str]:
        """List the principals that may hold something on a target.

        Args:
            target: on what.
            among: only these.
            budget: what may still be tried.
        """
        found: dict[str, None] = dict(self._by_reference.get(target.key, {}))
        if target.resource:
            found |= self._exact.get(target.resource, {})
            for pattern, holders in self._patterns.items():
                if budget.spend() and glob_matches(pattern, target.resource):
                    found |= self._still(holders, among)
        listed = [key for key in found if key in among]
        return listed if budget.spend(len(listed)) else []

    @staticmethod
    def _still(holders: dict[str, None], among: Collection[str]) -> dict[str, None]:
        if len(holders) <= len(among):
            return holders
        return {key: None for key in among if key in holders}
