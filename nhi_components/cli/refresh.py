"""`nhi refresh`: between full scans, the inventory follows what systems tell has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption
from nhi_components.cli.discover import NOT_COMPLETE, InventoryOption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nhi_components.core.links import System
    from nhi_components.lifecycle.discovery.ports import Discovery
    from nhi_components.lifecycle.events.journal import Journal
    from nhi_components.lifecycle.events.ports import EventSource
    from nhi_components.lifecycle.events.refreshing import Plan, Refreshed
    from nhi_components.provider.settings import Settings

LISTENING_SECONDS = 5
"""How often what was received is looked through, where `--follow` says nothing else."""


def refresh(
    system: Annotated[
        list[str] | None, typer.Option(help="A system to follow; repeat it.", show_default="all that are set up")
    ] = None,
    log: Annotated[
        list[str] | None,
        typer.Option(
            help="SYSTEM=PATH or SYSTEM.CONNECTION=PATH: audit logs, a file, a folder or a pattern, in place of asking "
            "the system; repeat it."
        ),
    ] = None,
    ask: Annotated[bool, typer.Option("--ask/--no-ask", help="Ask systems what happened.")] = True,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(help="A log that is not asked, such as tenant-log, or tenant-log.CONNECTION; repeat it."),
    ] = None,
    connections: ConnectionsOption = None,
    inventory: InventoryOption = None,
    once: Annotated[
        bool, typer.Option("--once", help="Catch up and end; so it is without --follow and --listen.")
    ] = False,
    follow: Annotated[int | None, typer.Option(min=1, help="Catch up again after so many seconds.")] = None,
    listen: Annotated[
        str | None, typer.Option(help="HOST:PORT to receive web hooks on, such as 127.0.0.1:8080; by plain HTTP.")
    ] = None,
    secret_variable: Annotated[
        str, typer.Option(help="The environment variable with the secret that senders have to know.")
    ] = "NHI_WEBHOOK_SECRET",  # noqa: S107 - a variable's name
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be read again, and read nothing.")
    ] = False,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="How many sections are read at the same time.")] = 8,
    output: OutputOption = Output.TABLE,
) -> None:
    """Read again what has changed since the last full scan, as audit logs and web hooks tell.

    Events are kept before they count as told, and sections are read page by page: run it again after a kill, and it
    goes on. What could not be read stays to be read, and nothing of it counts as gone.

    Exit codes: 0 the inventory shows all that was told; 2 wrong input; 3 something could not be read yet.
    """
    import os
    import time
    from contextlib import ExitStack

    from nhi_components.cli.auditing import audit_log, scan_ended
    from nhi_components.cli.connections import read_connections, systems_named
    from nhi_components.lifecycle.adapters import DISCOVERED
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.lifecycle.discovery.scanning import Scanner
    from nhi_components.lifecycle.events.journal import Journal
    from nhi_components.lifecycle.events.refreshing import Refresher
    from nhi_components.lifecycle.inventory.settings import place_of_inventory
    from nhi_components.lifecycle.inventory.store import open_inventory

    _refuse_both(once or dry_run, follow is not None or listen is not None)
    settings = read_connections(connections)
    named = systems_named("nhi refresh", system or [], DISCOVERED)
    asked = _but(leave_out or [], list(_asked(named, log or [], settings)) if ask else [])
    readers = [*_logs(log or [], settings), *asked]
    with ExitStack() as stack:
        opened = open_inventory(place_of_inventory(inventory, os.environ), must_exist=True)
        stack.callback(opened.close)
        journal = Journal(opened)
        scanner = Scanner(opened, system_clock, time.sleep, at_once)
        refresher = Refresher(scanner, journal, lambda systems: _opened(systems, named, settings))
        if listen is not None:
            _listen(stack, journal, listen, os.environ.get(secret_variable, ""))
        pause = follow or (LISTENING_SECONDS if listen is not None else None)
        trail = None if dry_run else audit_log(connections)
        if trail:
            trail.ensure_ready()
        while True:
            done = refresher.preview(readers) if dry_run else refresher.refresh(readers)
            if trail and done.sections:
                beyond = {**done.unread, **done.plan.unreachable}
                trail.record(scan_ended(done.sections, beyond, os.environ, {"newEvents": done.kept}))
            _tell(done, output, following=pause is not None, dry_run=dry_run)
            if pause is None:
                raise typer.Exit(0 if done.complete else NOT_COMPLETE)
            time.sleep(pause)


def _refuse_both(once: bool, lasting: bool) -> None:
    from nhi_components.core.errors import Problem, SpecError

    if once and lasting:
        fix = "leave out the one that is not meant"
        problem = Problem("--once or --dry-run", "with --follow or --listen", "one of the two", fix)
        raise SpecError("nhi refresh", [problem])


def _opened(systems: frozenset[str], named: Sequence[System], settings: Settings) -> list[Discovery]:
    """Open what the events of some systems make stale; of those that were not named, nothing is followed."""
    from nhi_components.core.links import System
    from nhi_components.lifecycle.adapters import DISCOVERED

    chosen = [System(each) for each in sorted(systems) if each in (named or DISCOVERED)]
    return [_discovery(each, name, settings) for each in chosen for name in _connections(each, settings)]


def _connections(system: System, settings: Settings) -> Sequence[str]:
    return tuple(getattr(settings, system)) or ("default",)


def _discovery(system: System, name: str, settings: Settings) -> Discovery:
    from nhi_components.lifecycle.adapters import open_discovery
    from nhi_components.lifecycle.clock import system_clock

    return open_discovery(system, name, settings.connection(system, name), system_clock)


def _logs(told: Sequence[str], settings: Settings) -> Iterator[EventSource]:
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.core.links import System
    from nhi_components.lifecycle.events.files import FileEvents
    from nhi_components.lifecycle.events.systems import RECORDED, reading_of

    for each in told:
        whose, _, path = each.partition("=")
        system, _, connection = whose.partition(".")
        known = _connections(System(system), settings) if system in RECORDED else ()
        if not path or not known or (connection and connection not in known):
            expected = f"SYSTEM[.CONNECTION]=PATH, a system of {', '.join(RECORDED)}"
            raise SpecError("nhi refresh", [Problem("--log", each, expected, "correct it")])
        place = _place_of(System(system), connection or known[0], settings)
        yield FileEvents(System(system), path, place, reading_of(System(system)))


def _place_of(system: System, connection: str, settings: Settings) -> Callable[[], str]:
    """Give what tells whose records are that do not say so themselves; those of AWS and GitHub do."""
    from nhi_components.core.links import System

    if system in (System.AWS, System.GITHUB):
        return lambda: ""
    return lambda: _discovery(system, connection, settings).place()


def _asked(named: Sequence[System], logs: Sequence[str], settings: Settings) -> Iterator[EventSource]:
    """Open what can be asked: of the systems that are set up, but for those of which there are logs."""
    from nhi_components.core.links import System
    from nhi_components.lifecycle.adapters.ambient import is_worth_a_scan

    logged = {each.partition("=")[0].partition(".")[0] for each in logs}
    for system in (System.AWS, System.GCP, System.AZURE, System.GITHUB):
        of_system = getattr(settings, system) or system in named or (not named and is_worth_a_scan(system))
        if system in logged or not of_system or (named and system not in named):
            continue
        for name in _connections(system, settings):
            yield from _asking(system, name, settings)


def _but(left_out: Sequence[str], readers: list[EventSource]) -> list[EventSource]:
    """Leave out the logs that are not to be asked, by their names as `not reached` shows them."""
    from nhi_components.core.errors import Problem, SpecError

    def names_of(reader: EventSource) -> tuple[str, str]:
        kind, _, whose = reader.name.partition(" ")
        return kind, f"{kind}.{whose.partition('.')[2]}"

    known = sorted({name for reader in readers for name in names_of(reader)})
    if unknown := sorted(set(left_out) - set(known)):
        expected = "one of " + (", ".join(known) or "none, as none is asked")
        raise SpecError("nhi refresh", [Problem("--leave-out", ", ".join(unknown), expected, "correct the name")])
    return [reader for reader in readers if not set(names_of(reader)) & set(left_out)]


def _asking(system: System, name: str, settings: Settings) -> Sequence[EventSource]:
    import time

    from nhi_components.core.connection import AwsConnection, AzureConnection, GcpConnection, GitHubConnection
    from nhi_components.core.errors import NhiError
    from nhi_components.lifecycle.clock import system_clock

    connection = settings.connection(system, name)
    match connection:
        case AwsConnection():
            from nhi_components.lifecycle.adapters.aws.trail import CloudTrail

            return [CloudTrail(name, connection, system_clock, time.sleep)]
        case GcpConnection():
            from nhi_components.lifecycle.adapters.gcp.audit_log import AuditLog

            return [AuditLog(name, connection, _place_of(system, name, settings), system_clock)]
        case AzureConnection():
            from nhi_components.lifecycle.adapters.azure.activity_log import ActivityLog, TenantLog
            from nhi_components.lifecycle.adapters.azure.directory_audits import DirectoryAudits

            kinds = (ActivityLog, TenantLog, DirectoryAudits)
            return [kind(name, connection, system_clock, time.sleep) for kind in kinds]
        case GitHubConnection():
            from nhi_components.lifecycle.adapters.github.audit_log import AuditLog as GitHubLog

            return [GitHubLog(name, connection, system_clock, time.sleep)]
        case _:
            raise NhiError(f"{system} cannot be asked what happened, expected a log of it; fix: name one by --log")


def _listen(stack: Any, journal: Journal, listen: str, secret: str) -> None:
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.lifecycle.events.listening import Receiver, listening

    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise SpecError("nhi refresh", [Problem("--listen", listen, "HOST:PORT", "write it as 127.0.0.1:8080")])
    bound = stack.enter_context(listening(Receiver(journal, secret, system_clock), host.strip("[]"), int(port)))
    typer.echo(f"receiving on {host}:{bound}", err=True)


def _tell(done: Refreshed, output: Output, *, following: bool, dry_run: bool) -> None:
    import json

    if output is Output.JSON:
        typer.echo(json.dumps(_document(done), indent=None if following else 2))
    elif not following or done.kept or done.sections or not done.complete:
        _show(done, dry_run=dry_run)


def _document(done: Refreshed) -> dict[str, Any]:
    plan = done.plan
    return {
        "complete": done.complete,
        "newEvents": done.kept,
        "stale": {source: sorted(names) for source, names in sorted(plan.stale.items())},
        "because": [_event(each) for each in plan.taken],
        "later": [_event(each) for each in plan.later],
        "elsewhere": [_event(each) for each in plan.elsewhere],
        "stranded": [_event(each) for each in plan.stranded],
        "sections": [
            {
                "source": each.source,
                "section": each.section,
                "state": each.state,
                "pages": each.pages,
                "records": each.records,
                "reason": each.reason,
            }
            for each in done.sections
        ],
        "unread": dict(done.unread),
        "unreachable": dict(plan.unreachable),
    }


def _event(waiting: Any) -> dict[str, Any]:
    event = waiting.event
    return {
        "system": event.system,
        "place": event.place,
        "id": event.id,
        "at": event.at.isoformat(),
        "what": event.what,
        "about": list(event.about),
        "readyAt": waiting.ready_at.isoformat(),
    }


def _show(done: Refreshed, *, dry_run: bool) -> None:
    from rich.console import Console

    console, plan = Console(), done.plan
    console.print(f"{done.kept} new events", highlight=False)
    for source, names in sorted(plan.stale.items()):
        would = "would be read again" if dry_run else "stale"
        console.print(f"{would} {source}: {', '.join(sorted(names))}", highlight=False, soft_wrap=True)
    for each in done.sections:
        if each not in done.unseen:
            console.print(f"read {each.source} {each.section}: {each.records:,} records", highlight=False)
    for each in done.unseen:
        console.print(f"[yellow]not seen[/] {each.source} {each.section}: {each.reason}", highlight=False)
    _show_waiting(console, plan)
    for what, reason in {**done.unread, **plan.unreachable}.items():
        console.print(f"[red]not reached[/] {what}: {reason}", highlight=False)
    if dry_run and not plan.stale:
        console.print("nothing would be read again")
    if done.complete and not dry_run:
        console.print("[green]the inventory shows all that was told[/]")


def _show_waiting(console: Any, plan: Plan) -> None:
    for each in plan.later:
        until = f"{each.ready_at:%H:%M:%S} UTC"
        console.print(
            f"[yellow]later[/] {each.event.system} {each.event.what}: its system tells at {until}", highlight=False
        )
    for each in plan.stranded:
        whose = f"{each.event.system}/{each.event.place}"
        console.print(f"[red]not reached[/] {whose}: {each.event.what}", highlight=False)
    if plan.elsewhere:
        console.print(f"{len(plan.elsewhere)} events of places that no connection leads to", highlight=False)
