"""`nhi restore` for what `nhi decommission` has begun with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from nhi_components.cli.connections import Output, read_connections
from nhi_components.cli.deciding import approval
from nhi_components.cli.decommission_render import show_results
from nhi_components.cli.decommission_tools import open_decommissioning
from nhi_components.core.errors import Problem, SpecError
from nhi_components.lifecycle.decommission.case import Case, Decision, Stage
from nhi_components.lifecycle.decommission.result import Outcome, Result
from nhi_components.lifecycle.inventory.settings import place_of_inventory
from nhi_components.lifecycle.inventory.store import open_inventory

_UNDONE = (Outcome.PLANNED, Outcome.RESTORED)


def restore_case(
    cases: Sequence[Case],
    inventory: str | None,
    connections: Path | None,
    said: tuple[str, str],
    output: Output,
    *,
    dry_run: bool,
) -> int:
    """Give back what the disable of an identity took, and show what became of that.

    Args:
        cases: all of the identity, the newest first.
        inventory: where they are kept, as told.
        connections: the file with the connections.
        said: who decides, and why.
        output: how it is shown.
        dry_run: whether to change nothing.

    Returns:
        The exit code.

    Raises:
        SpecError: nobody is said to decide, or several identities have that name.
        NhiError: it could not be restored.
    """
    decision = Decision("", "") if dry_run else Decision(*approval("nhi restore", *said))
    case = _meant(cases)
    if case.stage.is_closed and case.stage is not Stage.REMOVED:
        result = Result(
            case.target, Outcome.RESTORED, case, f"nothing is to be given back: case {case.id} is {case.stage}"
        )
    else:
        opened = open_inventory(place_of_inventory(inventory, os.environ))
        try:
            service = open_decommissioning(opened, read_connections(connections), connections, dry_run=dry_run)
            result = service.plan_restore(case) if dry_run else service.restore(case, decision)
        finally:
            opened.close()
    show_results([result], output)
    return 0 if result.outcome in _UNDONE else 1


def _meant(cases: Sequence[Case]) -> Case:
    """Choose the open case, or the newest one."""
    opened = [each for each in cases if not each.stage.is_closed]
    if len(opened) > 1:
        told = ", ".join(f"{each.id} of {each.target.unique_id}" for each in opened)
        problem = Problem("NAME", told, "one case", "give the id of the case, or the unique id")
        raise SpecError("nhi restore", [problem])
    return opened[0] if opened else cases[0]
