"""What `nhi kill` found and did, for people and for programs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from nhi_components.cli.connections import Output
from nhi_components.core.links import NeverCreated, NotChecked
from nhi_components.lifecycle.killing import Killed, Target

_UNRECORDED = "no evidence was recorded and nothing was decided: without its state only the lease's id is known"


def show_targets(key: str, targets: list[Target], output: Output) -> None:
    """Show what would be cut off."""
    rows = [(target.lease_id, link) for target in targets for link in target.links]
    if output is Output.JSON:
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
    table = Table("lease", "system", "kind", Column("name", overflow="fold"), title=f"{key}: would be cut off")
    for lease_id, link in rows:
        table.add_row(lease_id, f"{link.system}/{link.connection}", link.kind, link.name)
    Console().print(table)


def show_killed(key: str, killed: list[Killed], problems: list[str], started: datetime, output: Output) -> None:
    """Show what became of each principal, and how fast; times count from when the command began."""
    complete = not problems and all(each.is_complete for each in killed)
    if output is Output.JSON:
        told = {
            "identity": key,
            "complete": complete,
            "problems": problems,
            "leases": [_document(each, started) for each in killed],
        }
        typer.echo(json.dumps(told, indent=2))
        return
    _show(key, killed, started)
    for problem in problems:
        typer.echo(f"{key}: {problem}")
    if complete:
        typer.echo(f"{key}: refused everywhere" if killed else f"{key}: retired, nothing of it is in the stack's state")


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
    console = Console()
    columns = ("system", "principal", "disabled after", "refused after", Column("known", overflow="fold"))
    table = Table(*columns, title=key)
    for lease in killed:
        for row in lease.refusals:
            place = f"{row.link.system}/{row.link.connection}"
            times = [_told(fact, started) for fact in (row.disabled_at, row.refused_at)]
            table.add_row(place, f"{row.link.kind} {row.link.name}", *times, escape(row.proof))
    console.print(table)
    for lease in killed:
        for revocation in lease.revocations:
            console.print(escape(str(revocation)), highlight=False, soft_wrap=True)
        for failure in lease.failures:
            console.print(f"[red]{lease.lease_id}: not done:[/] {escape(failure)}", highlight=False, soft_wrap=True)
        if not lease.recorded:
            console.print(f"{lease.lease_id}: {_UNRECORDED}", highlight=False, soft_wrap=True)


def _told(fact: object, started: datetime) -> str:
    if isinstance(fact, NotChecked):
        return f"[red]not shown: {escape(fact.reason)}[/]"
    if isinstance(fact, NeverCreated):
        return "never created"
    after = _milliseconds(fact, started)
    return "-" if after is None else "before" if after < 0 else f"{after:,} ms"


def _milliseconds(fact: object, started: datetime) -> int | None:
    return round((fact - started).total_seconds() * 1000) if isinstance(fact, datetime) else None
