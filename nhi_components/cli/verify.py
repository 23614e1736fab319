"""`nhi verify`: is anything of a lease alive?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption

if TYPE_CHECKING:
    from nhi_components.lifecycle.verification import Verification


def verify(
    lease: Annotated[str, typer.Option("--lease", help="The lease id: a tag nhi:lease has it, and every evidence.")],
    system: Annotated[
        list[str] | None, typer.Option(help="A system to look at; repeat it.", show_default="every system")
    ] = None,
    connection: Annotated[str, typer.Option(help="The name of the connection to look through.")] = "default",
    connections: ConnectionsOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Look, without any state, for everything that bears a lease id.

    Exit codes: 0 confirmed gone everywhere; 1 something is alive; 2 wrong input; 3 a system could not be looked at.
    """
    from nhi_components.cli.connections import adapter_opener, read_connections, systems_to_look_at
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.core.lease_id import checked_lease_id
    from nhi_components.core.links import System
    from nhi_components.lifecycle.verification import verify as look

    lease_id = checked_lease_id(lease)
    if unknown := sorted(set(system or ()) - set(System)):
        problem = Problem("--system", ", ".join(unknown), "one of " + ", ".join(System), "correct the name")
        raise SpecError("nhi verify", [problem])
    settings = read_connections(connections)
    opener = adapter_opener(settings)
    adapters = [opener(each, connection) for each in systems_to_look_at(system, settings)]
    result = look(adapters, lease_id)
    if output is Output.JSON:
        import json

        typer.echo(json.dumps(_document(result), indent=2))
    else:
        _show(result)
    raise typer.Exit(1 if result.alive else 3 if result.failures else 0)


def _document(result: Verification) -> dict[str, Any]:
    def rows(sightings: Any) -> list[dict[str, Any]]:
        return [
            {
                "system": s.link.system,
                "connection": s.link.connection,
                "kind": s.link.kind,
                "name": s.link.name,
                "uniqueId": s.link.unique_id,
                "detail": s.detail,
                "recoverableUntil": s.recoverable_until.isoformat() if s.recoverable_until else None,
            }
            for s in sightings
        ]

    return {
        "lease": result.lease_id,
        "confirmedGone": result.confirmed_gone,
        "alive": rows(result.alive),
        "namesakes": rows(result.namesakes),
        "notLookedFor": [
            {"system": s.system, "connection": s.connection, "kind": s.kind, "reason": s.reason.reason}
            for s in result.blind_spots
        ],
        "failures": [str(failure) for failure in result.failures],
    }


def _show(result: Verification) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if result.alive or result.namesakes:
        table = Table("system", "kind", "name", "whose", "detail", title=f"{result.lease_id}: alive")
        for sighting in [*result.alive, *result.namesakes]:
            link = sighting.link
            whose = f"[red]{sighting.ownership}[/]" if sighting in result.alive else str(sighting.ownership)
            table.add_row(f"{link.system}/{link.connection}", link.kind, link.name, whose, sighting.detail)
        console.print(table)
    for spot in result.blind_spots:
        console.print(f"[yellow]not looked for[/] {spot.system}/{spot.connection} {spot.kind}: {spot.reason.reason}")
    for failure in result.failures:
        console.print(f"[red]not looked at[/] {failure}")
    if result.confirmed_gone:
        console.print(f"[green]{result.lease_id}: nothing is alive[/]")
