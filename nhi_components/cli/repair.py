"""`nhi repair`: put right what a killed engine left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption

if TYPE_CHECKING:
    from nhi_components.provider.engine import Engine
    from nhi_components.provider.repair import Opening, RepairPlan

_SETTLE = (
    "the state was left as it is: importing a mended one would forget the operations outside bundles; "
    "settle them with `pulumi refresh`, then run `nhi repair` again"
)


def repair(
    stack: Annotated[str | None, typer.Option("--stack", "-s", show_default="the selected one")] = None,
    directory: Annotated[Path, typer.Option("--cwd", help="The project's folder.", file_okay=False)] = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    connections: ConnectionsOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Free the lock, delete what a killed engine made and forgot, mend the state.

    Run it only when no other `pulumi` works on the stack. The systems are reached as the stack's state says, unless
    --connections is given. What is found is decided by lease id and unique id; what has an id that could not be used
    again is taken into the state instead of being deleted. Interrupted operations are dropped from the state, and what
    they may have changed is read afresh. The next `pulumi up` or `pulumi destroy` then goes on.

    Exit codes: 0 repaired, or nothing to repair; 1 something is left to repair; 2 failed.
    """
    from nhi_components.provider.engine import Engine
    from nhi_components.provider.repair import plan

    engine = Engine(directory, stack)
    if not _readable(engine, output, dry_run=dry_run, yes=yes):
        raise typer.Exit(1)
    state = engine.export()
    found = plan(state, _opening(connections))
    _report(found, output)
    if dry_run:
        raise typer.Exit(0 if found.empty else 1)
    if not yes and not typer.confirm("Free the stack's lock and do this?"):
        raise typer.Exit(1)
    settled = _carry_out(engine, state, found)
    if output is Output.TABLE:
        done = "nothing to repair; the lock is free" if found.empty else "repaired; the lock is free"
        typer.echo(done if settled else _SETTLE)
    raise typer.Exit(0 if settled else 1)


def _readable(engine: Engine, output: Output, *, dry_run: bool, yes: bool) -> bool:
    """Remove what an engine killed while it saved left in a backend of files; tell whether the state can be read."""
    from nhi_components.provider.torn_backend import torn_notes

    torn = torn_notes(engine.where())
    if not torn:
        return True
    _show([("remove empty file", str(note)) for note in torn], output if dry_run else Output.TABLE, err=not dry_run)
    if dry_run or not (yes or typer.confirm("The state can't be read before these are removed. Remove them?")):
        return False
    for note in torn:
        note.unlink(missing_ok=True)
    return True


def _opening(connections: Path | None) -> Opening:
    from nhi_components.cli.connections import adapter_opener, read_connections

    given = read_connections(connections) if connections else None
    return lambda held: adapter_opener(given or held)


def _carry_out(engine: Engine, state: dict[str, Any], found: RepairPlan) -> bool:
    """Do it; tell whether the state is in order now."""
    from nhi_components.provider.repair import delete_orphans, repaired

    engine.cancel()
    delete_orphans(found)
    if not found.changes_state:
        return True
    if found.others:
        return False
    engine.import_state(repaired(state, found))
    if found.unsure:
        engine.refresh(found.unsure)
    return True


def _report(found: RepairPlan, output: Output) -> None:
    rows = [
        *(("delete orphan", str(orphan.sighting.link)) for orphan in found.orphans),
        *(("take into the state", str(link)) for link in found.adopted.values()),
        *(("forget namesake", str(link)) for link in found.namesakes),
        *(("forget deleted", str(link)) for link in found.kept),
        *(("drop interrupted operation", urn) for urn in found.interrupted),
        *(("read afresh", urn) for urn in found.unsure),
        *(("retain no longer", urn) for urn in found.retained),
        *(("leave alone (outside bundles)", urn) for urn in found.others),
    ]
    _show(rows, output)


def _show(rows: list[tuple[str, str]], output: Output, *, err: bool = False) -> None:
    if output is Output.JSON:
        import json

        document: list[dict[str, Any]] = [{"action": action, "what": what} for action, what in rows]
        typer.echo(json.dumps({"repair": document}, indent=2))
    elif rows:
        from rich.console import Console
        from rich.table import Column, Table

        table = Table("action", Column("what", overflow="fold"))
        for row in rows:
            table.add_row(*row)
        Console(stderr=err).print(table)
