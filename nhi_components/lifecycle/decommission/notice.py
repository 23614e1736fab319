"""Telling people, by the hooks of `notify`, that an identity is to be decommissioned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nhi_components.core.credential.dependents import CommandHook, Dependent, HttpHook
from nhi_components.lifecycle.credentials.dependents import Facts, Refreshed
from nhi_components.lifecycle.credentials.wanted import Dependants
from nhi_components.lifecycle.decommission.case import Case

CAUSE: Final = "decommission"


def notify(hooks: Sequence[CommandHook | HttpHook], case: Case, dependants: Dependants) -> list[str]:
    """Tell every hook of a case; one that fails does not keep the others from being told.

    Args:
        hooks: who is told; they get what dependents get, with the cause `decommission`, and the key as identity.
        case: whose notice it is.
        dependants: reaches hooks.

    Returns:
        What went wrong; empty when all were told.
    """
    facts = Facts(case.target.key, "", "", 0, CAUSE)
    told = [Dependent(name=f"notification {number}", refresh=hook) for number, hook in enumerate(hooks, 1)]
    answers: Sequence[Refreshed] = dependants.refresh(told, facts)
    return [f"{answer.name}: {answer.problem}" for answer in answers if answer.problem is not None]
