"""`nhi rotate`: replace credentials: one, some, all that are due, or those that leaked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption
from nhi_components.cli.credentials import DespiteOption, DryRunOption
from nhi_components.cli.deciding import ApproverOption, DirectoryOption, ReasonOption, StackOption, approval

if TYPE_CHECKING:
    from nhi_components.lifecycle.credentials.outcome import Outcome
    from nhi_components.provider.held_credentials import HeldCredential


def rotate(
    name: Annotated[str | None, typer.Argument(help="The identity: `orders.prod`, or `orders`.")] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(help="Those that fit, such as `environment=prod`, `kind=…`, `team=…`, `source=…`; repeat it."),
    ] = None,
    due: Annotated[
        bool, typer.Option("--due", help="All that are due; also ends overlaps, and finishes what was killed.")
    ] = False,
    exposed: Annotated[
        bool, typer.Option("--exposed", help="Their keys leaked: revoke all of them first of all.")
    ] = False,
    despite_dependents: DespiteOption = False,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="How many are worked on at the same time.")] = 16,
    stack: StackOption = None,
    directory: DirectoryOption = Path(),
    approver: ApproverOption = "",
    reason: ReasonOption = "",
    connections: ConnectionsOption = None,
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Give credentials new keys, deliver them everywhere, tell what uses them, and retire the keys before.

    The key before goes on working for the declared overlap; a later run, or `pulumi up`, ends it. Repeating a run
    rotates again; one that was killed is finished. It is recorded as signed evidence.

    Exit codes: 0 everything is done; 1 something is left; 2 wrong input.
    """
    from nhi_components.cli.credentials import bring_about, credentials_of, with_progress
    from nhi_components.cli.rotate_render import show_plans, show_results
    from nhi_components.lifecycle.credentials.decision import Cause
    from nhi_components.lifecycle.credentials.fleet import run_all

    _refuse_nothing_chosen(name, select, due=due, exposed=exposed)
    approved = ("", "") if dry_run else approval("nhi rotate", approver, reason)
    chosen = _chosen(credentials_of(directory, stack, connections, approved), name, select or [])
    asked = None if due or exposed else Cause.FORCED
    if dry_run:
        raise typer.Exit(show_plans(chosen, asked, output, exposed=exposed))

    def work(credential: HeldCredential) -> Outcome:
        keys = frozenset[str]()
        if exposed:
            keys = frozenset(key.id for key in credential.desk.look(credential.wanted).keys)
        return bring_about(credential, asked, keys, despite_dependents=despite_dependents)

    results = with_progress(run_all(chosen, work, at_once), len(chosen), "rotating")
    show_results("nhi rotate", chosen, results, output)
    raise typer.Exit(0 if all(result.is_complete for result in results) else 1)


def _refuse_nothing_chosen(name: str | None, select: list[str] | None, *, due: bool, exposed: bool) -> None:
    from nhi_components.core.errors import Problem, SpecError

    problems = []
    if not (name or select or due):
        fix = "name an identity, or give --select or --due"
        problems.append(Problem("NAME", "nothing", "which credentials to rotate", fix))
    if due and exposed:
        problems.append(Problem("--exposed", "with --due", "a leak of named credentials", "name them, or --select"))
    if problems:
        raise SpecError("nhi rotate", problems)


def _chosen(credentials: list[HeldCredential], name: str | None, selectors: list[str]) -> list[HeldCredential]:
    from nhi_components.cli.credentials import named
    from nhi_components.provider.held_credentials import selected

    active = [each for each in credentials if not each.is_suspended]
    found = named(active, name, "nhi rotate") if name else active
    return selected(found, selectors, "nhi rotate")
