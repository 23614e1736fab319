"""Telling people, by hooks, that a key leaked and what was done about it; never a value."""

from __future__ import annotations

from collections.abc import Sequence

from nhi_components.core.credential.dependents import CommandHook, Dependent, HttpHook
from nhi_components.lifecycle.credentials.dependents import Facts, Refreshed
from nhi_components.lifecycle.credentials.outcome import Outcome
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted


def notify(hooks: Sequence[CommandHook | HttpHook], wanted: Wanted, outcome: Outcome, tools: Tools) -> list[Refreshed]:
    """Tell every hook of an exposure; one that fails does not keep the others from being told.

    Args:
        hooks: who is told; they get what dependents get, with the cause `exposure`.
        wanted: the credential.
        outcome: what was done about it.
        tools: reach them.
    """
    tags = wanted.lease
    facts = Facts(f"{tags.identity}.{tags.environment}", tags.lease, outcome.key, outcome.version, "exposure")
    told = [Dependent(name=f"notification {number}", refresh=hook) for number, hook in enumerate(hooks, 1)]
    return tools.dependants.refresh(told, facts) if told else []
