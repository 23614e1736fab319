"""`nhi adopt`: a discovered identity becomes component code and a `pulumi import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption
from nhi_components.cli.discover import InventoryOption

if TYPE_CHECKING:
    from nhi_components.cli.adopt_identity import Outcome
    from nhi_components.core.identity import Identity
    from nhi_components.lifecycle.adoption.existing import Existing
    from nhi_components.lifecycle.adoption.plan import AdoptionPlan
    from nhi_components.scaffold.adopted import Adopted

_Text = str | None
_WATCHED_DAYS = 90


def adopt(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="Its key in the inventory, or its name.")],
    into: Annotated[Path, typer.Option("--into", help="The project's folder; it must be empty, or not exist.")],
    name: Annotated[
        _Text, typer.Option("--name", "-n", help="What it is called from now on.", show_default="its name")
    ] = None,
    environment: Annotated[_Text, typer.Option(help="Its environment.", show_default="what is said of it")] = None,
    kind: Annotated[_Text, typer.Option("--kind", "-k", help="Its kind.", show_default="workload or pipeline")] = None,
    team: Annotated[_Text, typer.Option(help="The team that owns it.", show_default="what is said of it")] = None,
    email: Annotated[_Text, typer.Option(help="An address that the team reads.", show_default="likewise")] = None,
    purpose: Annotated[_Text, typer.Option(help="What it is for.", show_default="what is said of it")] = None,
    days: Annotated[
        int | None, typer.Option(help="How many days it lives from now on.", show_default="as its template allows")
    ] = None,
    approver: Annotated[list[str], typer.Option(help="Who approved that it exists; several times.")] = [],  # noqa: B006 - typer copies it
    on: Annotated[
        list[str], typer.Option("--on", help="What broad grants are needed on: SERVICE=ARN, SERVICE=NAME.")
    ] = [],  # noqa: B006 - likewise
    drop: Annotated[
        list[str], typer.Option("--drop", help="What is not needed, such as `sqs:*`; used actions stay.")
    ] = [],  # noqa: B006 - likewise
    permitted_by: Annotated[
        str, typer.Option("--permitted-by", help="Who permits what would otherwise be refused, until its end.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why it is permitted.")] = "",
    session_seconds: Annotated[
        int | None, typer.Option(help="How long its sessions live at most.", show_default="as now")
    ] = None,
    watched_days: Annotated[
        int, typer.Option(min=1, max=400, help="For how long uses must have been known before it counts as unused.")
    ] = _WATCHED_DAYS,
    connection: Annotated[str, typer.Option(help="The name of the connection to read it through.")] = "default",
    connections: ConnectionsOption = None,
    inventory: InventoryOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and write nothing.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Write the program that takes an existing identity over, with no more privileges than it uses.

    It only reads; what it writes are the files of a project. `pulumi import` then takes the principal into the stack,
    and `pulumi up` gives it its lease: it keeps its unique id, gets the new grants, and only then loses the old ones.
    The audit trail is told.

    Exit codes: 0 written; 2 it cannot be adopted, or something has to be decided first.
    """
    import os

    from nhi_components.cli.auditing import audit_log, identity_adopted
    from nhi_components.scaffold.project import refuse_taken, write_project

    told = context.params
    found = _found(told)
    outcome = _planned(told, found)
    refuse_taken(into)
    if not dry_run:
        audit_log(connections).record(identity_adopted(found.listed, approver, into, os.environ))
        write_project(into, outcome.files)
    if output is Output.JSON:
        import json

        typer.echo(json.dumps({**outcome.document, "written": not dry_run, "files": outcome.files}, indent=2))
    else:
        outcome.show(into, outcome.files if dry_run else None)


def _found(told: dict[str, Any]) -> Existing:
    import os
    from contextlib import closing

    from nhi_components.lifecycle.adoption.existing import existing
    from nhi_components.lifecycle.adoption.plan import refuse_unknown_kind
    from nhi_components.lifecycle.inventory.settings import place_of_inventory
    from nhi_components.lifecycle.inventory.store import open_inventory

    with closing(open_inventory(place_of_inventory(told["inventory"], os.environ), must_exist=True)) as opened:
        found = existing(opened, told["key"])
    refuse_unknown_kind(found)
    return found


def _planned(told: dict[str, Any], found: Existing) -> Outcome:
    from nhi_components.core.links import System

    if found.listed.system is System.GCP:
        from nhi_components.cli.adopt_account import planned_account

        return planned_account(told, found)
    return _planned_role(told, found)


def _planned_role(told: dict[str, Any], found: Existing) -> Outcome:
    from functools import partial

    from nhi_components.cli.adopt_identity import Outcome
    from nhi_components.cli.adopt_render import document, show
    from nhi_components.scaffold.adopted import files_of

    plan, adopted = _role(told, found)
    return Outcome(files_of(adopted), document(plan, adopted), partial(show, plan, adopted))


def _role(told: dict[str, Any], found: Existing) -> tuple[AdoptionPlan, Adopted]:
    from dataclasses import replace
    from datetime import timedelta

    from nhi_components.cli.adopt_identity import identity_of, known_of, permitted_by, until_its_end
    from nhi_components.cli.adopt_judge import exceptions_for
    from nhi_components.cli.connections import read_connections
    from nhi_components.cli.deciding import refuse
    from nhi_components.core.errors import SpecError
    from nhi_components.core.links import System
    from nhi_components.lifecycle.adapters import open_role_reading
    from nhi_components.lifecycle.adoption.plan import Wishes, plan_role
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.scaffold.adopted import Adopted

    settings = read_connections(told["connections"])
    name = told["connection"]
    reader = open_role_reading(name, settings.connection(System.AWS, name), system_clock)
    targets, permitted = _targets(told["on"]), permitted_by(told)
    wishes = Wishes(targets, told["drop"], permitted, timedelta(days=told["watched_days"]))
    known, problems = known_of(told, found)
    try:
        plan = plan_role(found, reader, wishes, system_clock())
    except SpecError as error:
        raise SpecError(error.subject, [*problems, *error.problems]) from None
    refuse(f"nhi adopt {found.listed.name!r}", problems)
    identity = identity_of(told, found.listed.name, known, pipeline=isinstance(plan.trust, tuple))
    seconds = told["session_seconds"] or plan.role.session_seconds
    grants = tuple(_ending(grant, identity) for grant in plan.grants)
    adopted = Adopted(identity, plan.trust, grants, plan.adopts, plan.role.boundary, seconds)
    base = permitted and until_its_end(permitted, identity)
    exceptions = exceptions_for(plan, adopted, base)
    return replace(plan, grants=grants), replace(adopted, exceptions=exceptions)


def _targets(texts: list[str]) -> dict[str, list[str]]:
    """Read `SERVICE=ARN`, several of a service."""
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.core.text import shown

    targets: dict[str, list[str]] = {}
    problems = []
    for text in texts:
        service, separator, arn = text.partition("=")
        if not service or not separator or not arn.startswith("arn:"):
            fix = "write it like sqs=arn:aws:sqs:eu-central-1:111122223333:orders"
            problems.append(Problem("--on", shown(text), "SERVICE=ARN", fix))
        targets.setdefault(service.lower(), []).append(arn)
    if problems:
        raise SpecError("nhi adopt", problems)
    return targets


def _ending(grant: Any, identity: Identity) -> Any:
    """Let the exception of a grant end with the identity."""
    from nhi_components.cli.adopt_identity import until_its_end

    if grant.exception is None:
        return grant
    return grant.model_copy(update={"exception": until_its_end(grant.exception, identity)})
