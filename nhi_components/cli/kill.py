"""`nhi kill`: refuse every credential and session of an identity everywhere, now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption
from nhi_components.cli.deciding import ApproverOption, DirectoryOption, ReasonOption, StackOption, approval

if TYPE_CHECKING:
    from datetime import datetime

    from nhi_components.lifecycle.killing import Killed, Target
    from nhi_components.provider.engine import Engine
    from nhi_components.provider.kill_targets import Approved

_UNRECORDED = "no evidence was recorded and nothing was decided: without its state only the lease's id is known"


def kill(
    name: Annotated[str | None, typer.Argument(help="The identity: `orders.prod`, or `orders`.")] = None,
    lease: Annotated[
        str | None, typer.Option("--lease", help="Instead: a lease id, where no state is at hand; see --connections.")
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option(help="With --lease: a system to look at; repeat it.", show_default="every system"),
    ] = None,
    stack: StackOption = None,
    directory: DirectoryOption = Path(),
    approver: ApproverOption = "",
    reason: ReasonOption = "",
    connections: ConnectionsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be cut off and touch nothing.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Refuse every credential and session of an identity on all its systems at once; no engine runs.

    It is recorded as signed evidence, and decided in the stack's configuration, so that the next `pulumi up` keeps the
    identity suspended. `nhi restore` brings it back. Repeating it is safe.

    Exit codes: 0 everything is refused everywhere; 1 something lives, is not proved, or not recorded; 2 wrong input.
    """
    from nhi_components.lifecycle.clock import system_clock

    started = system_clock()
    approved = approval("nhi kill", approver, reason)
    if lease:
        targets, key, engine = [_by_lease(lease, system, connections)], lease, None
    else:
        key, targets, engine = _by_name(name, directory, stack, connections, approved)
    if dry_run:
        _show_targets(key, targets, output)
        return
    killed, undecided = _kill(key, targets, started, engine, approved)
    _report(key, killed, undecided, started, output)
    raise typer.Exit(0 if not undecided and all(each.is_complete for each in killed) else 1)


def _by_name(
    name: str | None, directory: Path, stack: str | None, connections: Path | None, approved: Approved
) -> tuple[str, list[Target], Engine]:
    from nhi_components.cli.connections import adapter_opener, read_connections
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.provider.engine import Engine
    from nhi_components.provider.held_identities import held_identities, key_named
    from nhi_components.provider.kill_targets import targets_in

    if name is None:
        raise SpecError(
            "nhi kill", [Problem("NAME", "nothing", "an identity, or --lease", "write `nhi kill orders.prod`")]
        )
    engine = Engine(directory, stack)
    state = engine.export()
    held = held_identities(state)
    key = key_named(name, held, "nhi kill")
    given = read_connections(connections) if connections else None
    targets = targets_in(state, key, lambda settings: adapter_opener(given or settings), approved, system_clock)
    return key, targets, engine


def _by_lease(lease: str, systems: list[str] | None, connections: Path | None) -> Target:
    from nhi_components.cli.connections import adapter_opener, read_connections
    from nhi_components.core.connection import DEFAULT
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.core.lease_id import checked_lease_id
    from nhi_components.core.links import System
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.provider.kill_targets import target_of_lease

    lease_id = checked_lease_id(lease)
    if unknown := sorted(set(systems or ()) - set(System)):
        problem = Problem("--system", ", ".join(unknown), "one of " + ", ".join(System), "correct the name")
        raise SpecError("nhi kill", [problem])
    settings = read_connections(connections)
    chosen = [System(each) for each in systems or System]
    return target_of_lease(lease_id, chosen, DEFAULT, settings, adapter_opener(settings), system_clock)


def _kill(
    key: str, targets: list[Target], started: datetime, engine: Engine | None, approved: Approved
) -> tuple[list[Killed], str]:
    """Cut off, and write the decision meanwhile; tell also why it could not be written, if so."""
    from nhi_components.core.errors import NhiError
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.lifecycle.killing import kill as kill_all
    from nhi_components.provider.kill_targets import suspended_by
    from nhi_components.provider.life_configuration import LifeConfiguration

    undecided = ""
    with ThreadPoolExecutor(1) as thread:
        cutting = thread.submit(kill_all, targets, started)
        try:
            if engine:
                LifeConfiguration(engine).decide(key, suspended_by(approved, system_clock))
        except NhiError as error:
            undecided = str(error)
        return cutting.result(), undecided


def _show_targets(key: str, targets: list[Target], output: Output) -> None:
    rows = [(target.lease_id, link) for target in targets for link in target.links]
    if output is Output.JSON:
        import json

        listed = [
            {
                "lease": lease_id,
                "system": link.system,
                "connection": link.connection,
                "kind": link.kind,
                "name": link.name,
            }
            for lease_id, link in rows
        ]
        typer.echo(json.dumps({"identity": key, "wouldCutOff": listed}, indent=2))
        return
    from rich.console import Console
    from rich.table import Column, Table

    table = Table("lease", "system", "kind", Column("name", overflow="fold"), title=f"{key}: would be cut off")
    for lease_id, link in rows:
        table.add_row(lease_id, f"{link.system}/{link.connection}", link.kind, link.name)
    Console().print(table)


def _report(key: str, killed: list[Killed], undecided: str, started: datetime, output: Output) -> None:
    complete = not undecided and all(each.is_complete for each in killed)
    if output is Output.JSON:
        import json

        told = {
            "identity": key,
            "complete": complete,
            "undecided": undecided or None,
            "leases": [_document(each, started) for each in killed],
        }
        typer.echo(json.dumps(told, indent=2))
        return
    _show(key, killed, started)
    if undecided:
        typer.echo(f"not decided in the configuration, so an `up` may give it back: {undecided}")
    if complete:
        typer.echo(f"{key}: refused everywhere")


def _document(killed: Killed, started: datetime) -> dict[str, Any]:
    return {
        "lease": killed.lease_id,
        "complete": killed.is_complete,
        "principals": [
            {
                "system": row.link.system,
                "connection": row.link.connection,
                "kind": row.link.kind,
                "name": row.link.name,
                "disabledAfterMs": _milliseconds(row.disabled_at, started),
                "refusedAfterMs": _milliseconds(row.refused_at, started),
                "refused": row.is_complete,
                "known": row.proof,
            }
            for row in killed.refusals
        ],
        "revocations": [
            {
                "system": row.system,
                "connection": row.connection,
                "required": row.required,
                "limitSeconds": row.limit_seconds,
                "seconds": row.seconds,
                "verdict": row.verdict,
            }
            for row in killed.revocations
        ],
        "recorded": killed.recorded,
        "failures": list(killed.failures),
    }


def _show(key: str, killed: list[Killed], started: datetime) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    console = Console()
    columns = ("system", "principal", "disabled after", "refused after", Column("known", overflow="fold"))
    table = Table(*columns, title=key)
    for lease in killed:
        for row in lease.refusals:
            place = f"{row.link.system}/{row.link.connection}"
            times = [_told(fact, started) for fact in (row.disabled_at, row.refused_at)]
            table.add_row(place, f"{row.link.kind} {row.link.name}", *times, row.proof)
    console.print(table)
    for lease in killed:
        for revocation in lease.revocations:
            console.print(str(revocation), highlight=False, soft_wrap=True)
        for failure in lease.failures:
            console.print(f"[red]{lease.lease_id}: not done:[/] {failure}", highlight=False, soft_wrap=True)
        if not lease.recorded:
            console.print(f"{lease.lease_id}: {_UNRECORDED}", highlight=False, soft_wrap=True)


def _told(fact: object, started: datetime) -> str:
    from nhi_components.core.links import NeverCreated, NotChecked

    if isinstance(fact, NotChecked):
        return f"[red]not shown: {fact.reason}[/]"
    if isinstance(fact, NeverCreated):
        return "never created"
    after = _milliseconds(fact, started)
    return "-" if after is None else "before" if after < 0 else f"{after:,} ms"


def _milliseconds(fact: object, started: datetime) -> int | None:
    from datetime import datetime

    return round((fact - started).total_seconds() * 1000) if isinstance(fact, datetime) else None
