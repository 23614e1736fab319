"""`nhi decommission`: end identities that no program of ours has made, in stages that can be taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption
from nhi_components.cli.deciding import ApproverOption, ReasonOption, StackOption, approval
from nhi_components.cli.discover import InventoryOption

if TYPE_CHECKING:
    from datetime import datetime

    from nhi_components.core.errors import Problem

_LONGEST_NOTICE = 90

FolderOption = Annotated[
    Path | None,
    typer.Option("--cwd", help="The project's folder, for managed identities.", exists=True, file_okay=False),
]


def decommission(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY", help="Keys or unique ids; as many as wanted.")
    ] = None,
    verdict: Annotated[list[str] | None, typer.Option(help="All with such a verdict, as `unused`; repeat it.")] = None,
    file: Annotated[
        Path | None, typer.Option("--from", help="A file of keys, or of JSON.", exists=True, dir_okay=False)
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="Go on with all open cases whose time has come.")] = False,
    cases: Annotated[bool, typer.Option("--cases", help="Show the open cases, and change nothing.")] = False,
    closed: Annotated[bool, typer.Option("--closed", help="With --cases: also those that are closed.")] = False,
    notice: Annotated[
        int, typer.Option(min=0, max=_LONGEST_NOTICE, help="Days from the notice until it is disabled.")
    ] = 0,
    grace: Annotated[
        int | None,
        typer.Option(min=7, max=30, help="Days until it is deleted.", show_default="those of its kind's template"),
    ] = None,
    despite_dependents: Annotated[
        bool, typer.Option("--despite-dependents", help="Also what something depends on.")
    ] = False,
    despite_use: Annotated[bool, typer.Option("--despite-use", help="Also what was used since the notice.")] = False,
    even_if_not_disabled: Annotated[
        bool, typer.Option("--even-if-not-disabled", help="Also what can only be deleted, after the grace.")
    ] = False,
    out_of_band: Annotated[
        bool, typer.Option("--out-of-band", help="Also what another program has made, and may make anew.")
    ] = False,
    stack: StackOption = None,
    directory: FolderOption = None,
    approver: ApproverOption = "",
    reason: ReasonOption = "",
    connections: ConnectionsOption = None,
    inventory: InventoryOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, and change nothing.")] = False,
    as_of: Annotated[
        str, typer.Option("--as-of", envvar="NHI_AS_OF", help="With --dry-run or --cases: look ahead to a day.")
    ] = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """End identities: dependency check, notice, disable, grace of 7 to 30 days, delete.

    Each stage is marked at the system and kept in the inventory, and `nhi restore` takes it back until the delete. Run
    again it goes on where it stood, after a kill too; `--due` goes on with what waits. What our components have made
    is ended by a decision in its stack's configuration, with --cwd; without it the commands are told.

    Exit codes: 0 done, or waiting for its time; 1 something was refused, stopped or failed; 2 wrong input.
    """
    import os

    from nhi_components.cli.connections import read_connections
    from nhi_components.cli.decommission_render import show_cases, show_results
    from nhi_components.cli.decommission_run import Asked, Project, Run
    from nhi_components.lifecycle.decommission.case import Decision, Despite
    from nhi_components.lifecycle.decommission.cases import Cases
    from nhi_components.lifecycle.inventory.settings import place_of_inventory
    from nhi_components.lifecycle.inventory.store import open_inventory

    named = bool(keys or verdict or file)
    _check(named=named, due=due, cases=cases, dry_run=dry_run, as_of=as_of)
    now = _now(as_of)
    said = (approver, reason)
    if named and not dry_run and not cases:
        said = approval("nhi decommission", approver, reason)
    despite = {
        Despite.DEPENDENTS: despite_dependents,
        Despite.USE: despite_use,
        Despite.NOT_DISABLED: even_if_not_disabled,
    }
    decision = Decision(*said, frozenset(each for each, given in despite.items() if given))
    opened = open_inventory(place_of_inventory(inventory, os.environ), must_exist=True)
    try:
        kept = Cases(opened)
        if cases:
            shown = kept.of(keys or (), closed=closed)
            show_cases([(case, kept.noted(case.id)) for case in shown], now, output)
            return
        asked = Asked(decision, notice, grace, out_of_band, dry_run, now)
        run = Run(opened, kept, read_connections(connections), asked, Project(directory, stack), connections)
        results = run.go_on_with_due() if due else run.begin(keys or (), verdict or (), file)
    finally:
        opened.close()
    show_results(results, output)
    raise typer.Exit(0 if all(each.outcome.is_well for each in results) else 1)


def _check(*, named: bool, due: bool, cases: bool, dry_run: bool, as_of: str) -> None:
    from nhi_components.cli.deciding import refuse
    from nhi_components.core.errors import Problem

    problems: list[Problem] = []
    if due and (named or cases):
        problems.append(Problem("--due", "it, and others", "it alone", "run two commands"))
    if not (named or due or cases):
        fix = "give keys, --verdict, --from, --due or --cases"
        problems.append(Problem("KEY", "nothing", "which identities are meant", fix))
    if as_of and not (dry_run or cases):
        expected = "a look ahead: no grace is shortened by a pretended day"
        problems.append(Problem("--as-of", as_of[:40], expected, "add --dry-run, or unset NHI_AS_OF"))
    refuse("nhi decommission", problems)


def _now(as_of: str) -> datetime:
    """Tell the time: the real one, or the same time of a day that is yet to come."""
    from datetime import datetime

    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.today import VARIABLE, today

    real = system_clock()
    return datetime.combine(today({VARIABLE: as_of}), real.timetz()) if as_of else real
