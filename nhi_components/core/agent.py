"""What an AI agent's identity has on every system: a sponsor, and grants by tool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any

from pydantic import StringConstraints

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity, Kind, of_kind
from nhi_components.core.model import Spec, wrong

Tool = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Tools = Mapping[Tool, tuple[Grant, ...]]
"""What an agent may do with each of its tools."""


class _Grants(Spec):
    grants: tuple[Grant, ...] = ()


def agent_with_sponsor(identity: Identity) -> Identity:
    """Check, in a specification, that an identity is an AI agent that a person answers for."""
    if identity.sponsor is None:
        fix = "give sponsor, the address of the person who answers for what the agent does"
        raise wrong(got="no sponsor", expected="an AI agent with a sponsor", fix=fix)
    return of_kind(identity, Kind.AI_AGENT)


def tool_problems(
    tools: Mapping[str, Any], grant_problems: Callable[[Iterable[Grant]], list[Problem]]
) -> list[Problem]:
    """Find what is wrong with the tools' grants; of their fields the parser tells.

    Args:
        tools: grants by tool, as a component takes them.
        grant_problems: what finds the problems of grants on that system.
    """
    problems: list[Problem] = []
    for tool, given in tools.items():
        with suppress(SpecError):
            found = grant_problems(_Grants.parse({"grants": given}).grants)
            problems += [replace(p, path=p.path.replace("grants", f"tools.{tool}", 1)) for p in found]
    return problems
