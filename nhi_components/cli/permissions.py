"""`nhi permissions`: what a connection must be allowed so that a scan sees everything, and no more."""

from __future__ import annotations

from typing import Annotated

import typer


def permissions(
    system: Annotated[str, typer.Argument(help="The system that `nhi discover` reads.")],
) -> None:
    """Print the least-privilege policy that `nhi discover` needs on a system, in that system's own form.

    Exit codes: 0 printed; 2 wrong input.
    """
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.core.links import System
    from nhi_components.lifecycle.adapters import DISCOVERED, discovery_policy

    if system not in DISCOVERED:
        problem = Problem("SYSTEM", system, "one of " + ", ".join(DISCOVERED), "correct the name")
        raise SpecError("nhi permissions", [problem])
    typer.echo(discovery_policy(System(system)))
