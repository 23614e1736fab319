"""`nhi rotate`: replace credentials: one, some, all that are due, or those that leaked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption
from nhi_components.cli.credentials import DespiteOption, DryRunOption
from nhi_components.cli.deciding import (
    ApproverOption,
    DirectoryOption,
    ReasonOption,
    StackOption,
    approval,
    refuse,
)

if TYPE_CHECKING:
    from nhi_components.core.errors import Problem
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
    from nhi_components.cli.credentials import bring_about, credentials_of, living_keys, with_progress
    from nhi_components.cli.rotate_render import show_plans, show_results
    from nhi_components.lifecycle.credentials.decision import Cause
    from nhi_components.lifecycle.credentials.fleet import run_all

    problems = _problems(name, select or [], due=due, exposed=exposed)
    approved = ("", "") if dry_run else approval("nhi rotate", approver, reason, problems)
    refuse("nhi rotate", problems)
    held = credentials_of(directory, stack, connections, approved, urgent=exposed)
    chosen = _chosen(held, name, select or [], exposed=exposed)
    asked = None if due or exposed else Cause.FORCED

    def leaked(credential: HeldCredential) -> frozenset[str]:
        return living_keys(credential) if exposed else frozenset()

    def work(credential: HeldCredential) -> Outcome:
        return bring_about(credential, asked, leaked(credential), despite_dependents=despite_dependents)

    if dry_run:
        raise typer.Exit(show_plans(chosen, asked, output, lambda index: leaked(chosen[index])))

    results = with_progress(run_all(chosen, work, at_once), len(chosen), "rotating")
    show_results("nhi rotate", chosen, results, output)
    raise typer.Exit(0 if all(result.is_complete for result in results) else 1)


def _problems(name: str | None, select: list[str], *, due: bool, exposed: bool) -> list[Problem]:
    from nhi_components.core.errors import Problem
    from nhi_components.provider.held_credentials import selector_problems

    problems = []
    if not (name or select or due):
        fix = "name an identity, or give --select or --due"
        problems.append(Problem("NAME", "nothing", "which credentials to rotate", fix))
    if due and exposed:
        problems.append(Problem("--exposed", "with --due", "a leak of named credentials", "name them, or --select"))
    return [*problems, *selector_problems(select)]


def _chosen(
    credentials: list[HeldCredential], name: str | None, selectors: list[str], *, exposed: bool
) -> list[HeldCredential]:
    """Choose; of those that are suspended only what leaked is of interest."""
    from nhi_components.cli.credentials import named
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.provider.held_credentials import selected

    found = named(credentials, name, "nhi rotate") if name else credentials
    active = [each for each in found if exposed or not each.is_suspended]
    if name and not active:
        fix = "restore or renew it, and run `pulumi up`, which gives it a key that works; if its keys leaked: --exposed"
        got = f"{found[0].key}: {found[0].suspension}"
        raise SpecError("nhi rotate", [Problem("NAME", got, "an active identity", fix)])
    return selected(active, selectors)
