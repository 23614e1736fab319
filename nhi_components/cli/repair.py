"""`nhi repair`: put right what a killed engine left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption

if TYPE_CHECKING:
    from nhi_components.provider.repair import RepairPlan


def repair(
    stack: Annotated[str | None, typer.Option("--stack", "-s", show_default="the selected one")] = None,
    directory: Annotated[Path, typer.Option("--cwd", help="The project's folder.", file_okay=False)] = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    connections: ConnectionsOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Free the lock, delete what a killed engine made and forgot, take out of the state what is not ours.

    Run it only when no other `pulumi` works on the stack. What is found is decided by lease id and unique id. The next
    `pulumi up` or `pulumi destroy` then goes on.

    Exit codes: 0 repaired, or nothing to repair; 1 there is something to repair and nothing was done; 2 failed.
    """
    from nhi_components.cli.connections import adapter_opener, read_connections
    from nhi_components.provider.engine import Engine
    from nhi_components.provider.repair import carry_out, plan

    engine = Engine(directory, stack)
    state = engine.export()
    found = plan(state, adapter_opener(read_connections(connections)))
    _report(found, output)
    if dry_run:
        raise typer.Exit(0 if found.empty else 1)
    if not yes and not typer.confirm("Free the stack's lock and do this?"):
        raise typer.Exit(1)
    engine.cancel()
    if not found.empty:
        engine.import_state(carry_out(state, found))
    if output is Output.TABLE:
        typer.echo("nothing to repair; the lock is free" if found.empty else "repaired; the lock is free")


def _report(found: RepairPlan, output: Output) -> None:
    rows = [
        *(("delete orphan", str(orphan.sighting.link)) for orphan in found.orphans),
        *(("forget namesake", str(link)) for link in found.namesakes),
        *(("drop interrupted operation", urn) for urn in found.interrupted),
        *(("leave alone (outside bundles)", urn) for urn in found.others),
    ]
    if output is Output.JSON:
        import json

        document: list[dict[str, Any]] = [{"action": action, "what": what} for action, what in rows]
        typer.echo(json.dumps({"repair": document}, indent=2))
    elif rows:
        from rich.console import Console
        from rich.table import Table

        table = Table("action", "what")
        for row in rows:
            table.add_row(*row)
        Console().print(table)
