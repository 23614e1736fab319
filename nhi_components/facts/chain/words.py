"""Tells a path in words."""

from __future__ import annotations

from nhi_components.facts.chain.model import IdentityGraph, Step
from nhi_components.facts.chain.search import Path

_MOST_STEPS = 12


def sentence(graph: IdentityGraph, path: Path) -> str:
    """Tell a path: `orders-ci may assume orders-deploy (its trust names orders-ci), which is administrator …`."""
    told = [step_in_words(graph, step) for step in path.steps]
    if len(told) > _MOST_STEPS:
        told = [*told[: _MOST_STEPS - 1], f"in {len(told) - _MOST_STEPS} more steps", told[-1]]
    if not told:
        return f"{path.start.name} {path.power.how}"
    return f"{path.start.name} {', which '.join(told)}, which {path.power.how}"


def step_in_words(graph: IdentityGraph, step: Step) -> str:
    """Tell one step: `may assume orders-deploy (its trust names orders-ci)`."""
    note = f" ({step.note})" if step.note else ""
    return f"may {step.how} {graph.identities[step.target].name}{note}"
