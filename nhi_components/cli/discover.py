"""`nhi discover`: read which non-human identities there are, into the inventory."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption
from nhi_components.cli.declared import (
    CmdbOption,
    PeopleOption,
    RepositoriesOption,
    StacksOption,
    TerraformOption,
    cmdb_sources,
    declared_sources,
    people_sources,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nhi_components.lifecycle.discovery.ports import Discovery
    from nhi_components.lifecycle.discovery.scanning import Scan, Tell
    from nhi_components.lifecycle.inventory.store import SectionProgress
    from nhi_components.provider.settings import Settings

NOT_COMPLETE = 3

InventoryOption = Annotated[
    str | None,
    typer.Option(
        "--inventory",
        help="A file, or a URL of SQLAlchemy; one with a password belongs into NHI_INVENTORY.",
        show_default="NHI_INVENTORY, else a file in the user's state directory",
    ),
]


def discover(
    system: Annotated[
        list[str] | None, typer.Option(help="A system to read; repeat it.", show_default="all that are set up")
    ] = None,
    connections: ConnectionsOption = None,
    stacks: StacksOption = None,
    terraform: TerraformOption = None,
    repositories: RepositoriesOption = None,
    cmdb: CmdbOption = None,
    people: PeopleOption = None,
    inventory: InventoryOption = None,
    afresh: Annotated[bool, typer.Option("--afresh", help="Do not go on with a scan that was stopped.")] = False,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="How many sections are read at the same time.")] = 8,
    output: OutputOption = Output.TABLE,
) -> None:
    """Read the identities of all connected systems, with credentials, grants, ways in and what depends on them.

    It only reads. Each page is kept before the next is asked for: run it again after a kill, and it goes on where it
    stood. What could not be seen is told, and nothing of it counts as gone. States of Pulumi and Terraform tell which
    of the identities programs have made; a CMDB and the repositories of programs, who owns them; and directories of
    people, whether the owners are still there.

    Exit codes: 0 everything was seen; 2 wrong input; 3 something could not be seen.
    """
    import os
    import time

    from nhi_components.cli.auditing import audit_log, scan_ended
    from nhi_components.cli.connections import read_connections
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.lifecycle.discovery.scanning import Scanner
    from nhi_components.lifecycle.inventory.settings import place_of_inventory
    from nhi_components.lifecycle.inventory.store import open_inventory

    settings = read_connections(connections)
    sources = [
        *_discoveries(system or [], settings),
        *declared_sources(stacks or [], terraform or [], repositories),
        *cmdb_sources(cmdb or []),
        *people_sources(people or [], settings),
    ]
    log = audit_log(connections)
    log.ensure_ready()
    with ExitStack() as stack:
        opened = open_inventory(place_of_inventory(inventory, os.environ))
        stack.callback(opened.close)
        tell = stack.enter_context(_progress())
        scan = Scanner(opened, system_clock, time.sleep, at_once, tell).scan(sources, afresh=afresh)
    which = {"scan": scan.number, "wentOn": scan.went_on}
    log.record(scan_ended(scan.sections, scan.unreachable, os.environ, which))
    if output is Output.JSON:
        import json

        typer.echo(json.dumps(_document(scan), indent=2))
    else:
        _show(scan)
    raise typer.Exit(0 if scan.complete else NOT_COMPLETE)


def _discoveries(named: list[str], settings: Settings) -> list[Discovery]:
    from nhi_components.cli.connections import systems_named
    from nhi_components.lifecycle.adapters import DISCOVERED, open_discovery
    from nhi_components.lifecycle.adapters.ambient import is_worth_a_scan
    from nhi_components.lifecycle.clock import system_clock

    found = []
    for system in systems_named("nhi discover", named, DISCOVERED) or DISCOVERED:
        connections = getattr(settings, system)
        if not connections and (named or is_worth_a_scan(system)):
            connections = {"default": settings.connection(system, "default")}
        found += [open_discovery(system, name, connection, system_clock) for name, connection in connections.items()]
    return found


@contextmanager
def _progress() -> Iterator[Tell]:
    """Show at a terminal how far each section is."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.fields[records]:,} records"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[tuple[str, str], Any] = {}

        def tell(at: SectionProgress) -> None:
            key = (at.source, at.section)
            if key not in tasks:
                tasks[key] = progress.add_task(f"{at.source} {at.section}", total=None, records=0)
            ended = at.state != "open"
            progress.update(tasks[key], records=at.records, visible=not ended)

        yield tell


def _document(scan: Scan) -> dict[str, Any]:
    return {
        "scan": scan.number,
        "wentOn": scan.went_on,
        "complete": scan.complete,
        "sections": [
            {
                "source": each.source,
                "section": each.section,
                "state": each.state,
                "pages": each.pages,
                "records": each.records,
                "reason": each.reason,
            }
            for each in scan.sections
        ],
        "unreachable": dict(scan.unreachable),
    }


def _show(scan: Scan) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("source", "sections", "records", "not seen", title=f"scan {scan.number}")
    for source in dict.fromkeys(each.source for each in scan.sections):
        own = [each for each in scan.sections if each.source == source]
        unseen = sum(each in scan.unseen for each in own)
        table.add_row(source, str(len(own)), f"{sum(each.records for each in own):,}", str(unseen or ""))
    if scan.sections:
        console.print(table)
    for each in scan.unseen:
        console.print(f"[yellow]not seen[/] {each.source} {each.section}: {each.reason}", highlight=False)
    for connection, reason in scan.unreachable.items():
        console.print(f"[red]not reached[/] {connection}: {reason}", highlight=False)
    if scan.complete:
        console.print("[green]everything was seen[/]")
