"""`nhi reap`: find what is due over many stacks, and run `pulumi up` where only that changes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhi_components.cli.connections import Output, OutputOption

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nhi_components.provider.reaping import Report

MOST_PARALLEL = 8


def reap(
    directories: Annotated[
        list[Path],
        typer.Argument(help="Folders that hold Pulumi projects, at any depth.", exists=True, file_okay=False),
    ],
    stack: Annotated[str, typer.Option("--stack", "-s", help="Only stacks of such a name, as `*prod*`.")] = "*",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Run `pulumi up` where something is due.")] = False,
    parallel: Annotated[int, typer.Option(min=1, max=MOST_PARALLEL, help="Stacks at the same time.")] = 4,
    warn_days: Annotated[int, typer.Option(min=0, max=366, help="Tell of ends that come within so many days.")] = 14,
    with_other_changes: Annotated[
        bool, typer.Option("--with-other-changes", help="Run `up` also where it changes something else.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """List what is due: suspended at its end, retired after its grace, decided but not carried out.

    With --yes, `pulumi up` runs on those stacks, each after a preview that proves that nothing else changes. What one
    stack fails in does not stop the others; run it again, and it goes on with what is still due. NHI_AS_OF looks ahead.

    Exit codes: 0 nothing is due any more; 1 something is; 2 something failed.
    """
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.provider.reaping import Outcome, looked_at, settled, stacks_below
    from nhi_components.today import today

    stacks, reports = stacks_below(directories, stack)
    look = partial(looked_at, today=today(), warn_days=warn_days)
    reports += _with_progress("looking", look, stacks, parallel)
    if yes:
        settle = partial(settled, with_other_changes=with_other_changes, clock=system_clock)
        reports = _with_progress("settling", settle, reports, parallel)
    (_print_document if output is Output.JSON else _show)(reports, len(stacks))
    failed = any(report.outcome is Outcome.FAILED for report in reports)
    raise typer.Exit(2 if failed else 1 if any(report.is_open for report in reports) else 0)


def _with_progress(what: str, work: Callable[[Any], Report], items: Sequence[Any], parallel: int) -> list[Report]:
    from rich.console import Console
    from rich.progress import Progress

    from nhi_components.provider.reaping import in_parallel

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=len(items))
        return in_parallel(work, items, parallel, lambda: progress.advance(task))


def _rows(reports: Sequence[Report]) -> list[dict[str, Any]]:
    return [
        {
            "project": str(report.stack.project),
            "stack": report.stack.name,
            "identity": lease.key,
            "lease": lease.lease_id,
            "before": lease.state,
            "ends": lease.ends.isoformat(),
            "due": lease.verdict.due,
            "why": lease.verdict.why,
            "outcome": report.outcome if lease.verdict.due.settled_by_up else None,
            "after": (report.after or {}).get(lease.lease_id),
            "evidence": list((report.evidence or {}).get(lease.lease_id, ())),
        }
        for report in reports
        for lease in report.due
    ]


def _problems(reports: Sequence[Report]) -> list[dict[str, Any]]:
    return [
        {"project": str(each.stack.project), "stack": each.stack.name, "outcome": each.outcome, "detail": each.detail}
        for each in reports
        if each.detail
    ]


def _print_document(reports: Sequence[Report], stacks: int) -> None:
    import json

    document = {"stacks": stacks, "due": _rows(reports), "problems": _problems(reports)}
    typer.echo(json.dumps(document, indent=2))


def _show(reports: Sequence[Report], stacks: int) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    console = Console()
    rows = _rows(reports)
    if rows:
        folded = (Column(name, overflow="fold") for name in ("stack", "identity", "before", "due", "why", "outcome"))
        table = Table(*folded)
        for row in rows:
            place = f"{Path(row['project']).name}/{row['stack']}"
            became = " ".join(str(each) for each in (row["outcome"], row["after"], *row["evidence"]) if each)
            cells = (place, row["identity"], row["before"], row["due"], row["why"], became)
            table.add_row(*(escape(cell) for cell in cells))
        console.print(table)
    for problem in _problems(reports):
        place = f"{Path(problem['project']).name}/{problem['stack']}"
        console.print(
            f"[red]{place}: {problem['outcome']}[/] {escape(problem['detail'])}", highlight=False, soft_wrap=True
        )
    console.print(f"{len(rows)} due in {stacks} stacks" if rows else f"nothing is due in {stacks} stacks")
