"""`nhi suspend|retire|renew|restore`: decide about an identity's life, in the stack's configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption
from nhi_components.cli.deciding import (
    ApproverOption,
    DirectoryOption,
    ReasonOption,
    StackOption,
    approval,
    until_day,
)
from nhi_components.cli.discover import InventoryOption

if TYPE_CHECKING:
    from nhi_components.core.deciding import Action, Wish
    from nhi_components.lifecycle.decommission.case import Case
    from nhi_components.provider.engine import Engine
    from nhi_components.provider.life_configuration import Change

NameArgument = Annotated[str, typer.Argument(help="The identity: `orders.prod`, or `orders` where it is the only one.")]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="The new end: a day as YYYY-MM-DD, or days from today as 90d.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show the change and make none.")]
UpOption = Annotated[bool, typer.Option("--up", help="Run `pulumi up` afterwards; without it, what to run is said.")]


def suspend(
    name: NameArgument,
    stack: StackOption = None,
    directory: DirectoryOption = Path(),
    approver: ApproverOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    up: UpOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Deny an identity everything and keep all of it, so that it can be restored.

    The decision is written to the stack's configuration; the next `pulumi up` carries it out.

    Exit codes: 0 decided, or it was so already; 2 refused or failed.
    """
    _decide("suspend", name, _engine(directory, stack), (approver, reason, None), dry_run, up, output)


def retire(
    name: NameArgument,
    stack: StackOption = None,
    directory: DirectoryOption = Path(),
    approver: ApproverOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    up: UpOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Remove an identity with everything that belongs to it; its program may stay as it is.

    The decision is written to the stack's configuration; the next `pulumi up` carries it out.

    Exit codes: 0 decided, or it was so already; 2 refused or failed.
    """
    _decide("retire", name, _engine(directory, stack), (approver, reason, None), dry_run, up, output)


def renew(
    name: NameArgument,
    until: UntilOption = None,
    stack: StackOption = None,
    directory: DirectoryOption = Path(),
    approver: ApproverOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    up: UpOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Give an identity a later end, as far ahead as the template of its kind allows.

    The decision is written to the stack's configuration; the next `pulumi up` carries it out.

    Exit codes: 0 decided, or it was so already; 2 refused or failed.
    """
    _decide("renew", name, _engine(directory, stack), (approver, reason, until), dry_run, up, output)


def restore(
    name: Annotated[
        str, typer.Argument(help="The identity: `orders.prod`; or a key, unique id or case of `nhi decommission`.")
    ],
    until: UntilOption = None,
    stack: StackOption = None,
    directory: DirectoryOption = Path(),
    approver: ApproverOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    up: UpOption = False,
    connections: ConnectionsOption = None,
    inventory: InventoryOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Take a suspension, a retirement or a decommissioning back; an identity that has ended needs a new end.

    What `nhi decommission` disabled is given back at once, by what was kept of it. Else the decision is written to the
    stack's configuration; the next `pulumi up --refresh` carries it out.

    Exit codes: 0 restored or decided, or it was so already; 1 it was found to be gone; 2 refused or failed.
    """
    if cases := _cases_of(name, inventory):
        from nhi_components.cli.decommission_restore import restore_case

        if up or until:
            _refuse_for_case("--up" if up else "--until")
        raise typer.Exit(restore_case(cases, inventory, connections, (approver, reason), output, dry_run=dry_run))
    _decide("restore", name, _engine(directory, stack), (approver, reason, until), dry_run, up, output)


def _cases_of(name: str, told: str | None) -> list[Case]:
    """Find the decommissionings of an identity, the newest first; none where there is no inventory."""
    import os

    from nhi_components.lifecycle.decommission.cases import Cases
    from nhi_components.lifecycle.inventory.settings import place_of_inventory
    from nhi_components.lifecycle.inventory.store import open_inventory

    place = place_of_inventory(told, os.environ)
    if "://" not in place and not Path(place).exists():
        return []
    opened = open_inventory(place)
    try:
        return Cases(opened).of([name], closed=True)
    finally:
        opened.close()


def _refuse_for_case(option: str) -> None:
    from nhi_components.cli.deciding import refuse
    from nhi_components.core.errors import Problem

    expected = "it only for what a stack's configuration decides about"
    refuse("nhi restore", [Problem(option, "it, for a case of `nhi decommission`", expected, f"leave {option} out")])


def _engine(directory: Path, stack: str | None) -> Engine:
    from nhi_components.provider.engine import Engine

    return Engine(directory, stack)


def _decide(
    command: str,
    name: str,
    engine: Engine,
    stated: tuple[str, str, str | None],
    dry_run: bool,
    up: bool,
    output: Output,
) -> None:
    from datetime import UTC, datetime

    from nhi_components.core.deciding import Action, Wish
    from nhi_components.today import today

    approver, reason, until = stated
    who, why = approval(f"nhi {command}", approver, reason)
    end = until_day(f"nhi {command}", until, today())
    wish = Wish(approver=who, reason=why, until=end, on=datetime.now(UTC).date())
    change = written(Action(command), name, engine, wish, dry_run)
    refresh = command == Action.RESTORE
    if up and not dry_run:
        engine.up(refresh=refresh, listener=lambda line: typer.echo(line, err=True))
    _report(change, engine, output, dry_run=dry_run, applied=up and not dry_run, refresh=refresh)


def written(action: Action, name: str, engine: Engine, wish: Wish, dry_run: bool) -> Change:
    """Decide about an identity in its stack's configuration.

    Args:
        action: what is decided.
        name: the identity, as `NameArgument` takes it.
        engine: of the stack.
        wish: who, why, until when.
        dry_run: whether to change nothing.

    Raises:
        SpecError: there is no such identity, or something stands against it.
    """
    from nhi_components.core.deciding import decide
    from nhi_components.provider.held_identities import held_identities, key_named
    from nhi_components.provider.life_configuration import LifeConfiguration, standing_of
    from nhi_components.today import today

    configuration = LifeConfiguration(engine)
    held = held_identities(engine.export())
    key = key_named(name, {*held, *configuration.read()}, f"nhi {action}")
    return configuration.decide(
        key,
        lambda now: decide(action, standing_of(key, held.get(key), now, engine.directory), wish, today()),
        dry_run=dry_run,
    )


def _report(change: Change, engine: Engine, output: Output, *, dry_run: bool, applied: bool, refresh: bool) -> None:
    before, after = change.documents()
    of_stack = f" --stack {engine.stack}" if engine.stack else ""
    command = f"pulumi up{' --refresh' if refresh else ''}{of_stack}"
    if output is Output.JSON:
        import json

        told: dict[str, Any] = {
            "identity": change.key,
            "changed": change.is_one and not dry_run,
            "before": before.get(change.key),
            "after": after.get(change.key),
            "applied": applied,
            "next": None if applied else command,
        }
        typer.echo(json.dumps(told, indent=2))
        return
    if not change.is_one:
        typer.echo(f"{change.key}: decided so already; nothing changed")
    else:
        typer.echo(f"{change.key}: {'would change' if dry_run else 'changed'} in the configuration")
        typer.echo(_as_yaml("before", before) + _as_yaml("after", after), nl=False)
    if not applied:
        typer.echo(f"{'then' if dry_run else 'now'} run: {command}")


def _as_yaml(when: str, document: dict[str, Any]) -> str:
    import yaml

    if not document:
        return f"# {when}: nothing\n"
    return f"# {when}\n" + str(yaml.safe_dump({"nhi:life": document}, sort_keys=False, allow_unicode=True))
