"""`nhi inventory`: the identities that scans have found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nhi_components.cli.connections import Output, OutputOption, systems_named
from nhi_components.cli.discover import InventoryOption

if TYPE_CHECKING:
    from nhi_components.lifecycle.inventory.details import Details
    from nhi_components.lifecycle.inventory.reading import Listed


def inventory(
    name: Annotated[str | None, typer.Argument(help="Part of a name or key.", show_default="all")] = None,
    system: Annotated[list[str] | None, typer.Option(help="Where they live; repeat it.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="What they are, such as `iam-role`; repeat it.")] = None,
    owner: Annotated[str, typer.Option(help="Part of what anything says of their owner.")] = "",
    gone: Annotated[bool, typer.Option("--gone", help="Also those that are gone.")] = False,
    with_details: Annotated[
        bool,
        typer.Option(
            "--details",
            help="Everything that is known of each: credentials, grants, ways in, dependents, what has changed.",
        ),
    ] = False,
    place: InventoryOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show the identities of the inventory, with their owners, who says so, and whether those are still there.

    A whole key chooses that identity alone. Where several say who owns one, all are shown, and what counts first stands
    first: the mark nhi:owner, a CMDB, CODEOWNERS, the stack, other marks, the author of the commit.

    Exit codes: 0 shown; 1 none fits; 2 wrong input.
    """
    import os

    from nhi_components.lifecycle.inventory.details import details
    from nhi_components.lifecycle.inventory.reading import Chosen, listed
    from nhi_components.lifecycle.inventory.settings import place_of_inventory
    from nhi_components.lifecycle.inventory.store import open_inventory

    chosen = Chosen(systems_named("nhi inventory", system or []), tuple(kind or ()), owner, name or "", gone)
    opened = open_inventory(place_of_inventory(place, os.environ), must_exist=True)
    try:
        found = list(listed(opened, chosen))
        found = [each for each in found if each.key == name] or found
        more = [details(opened, each) if with_details else None for each in found]
    finally:
        opened.close()
    _tell(list(zip(found, more, strict=True)), output)
    raise typer.Exit(0 if found else 1)


def _tell(found: list[tuple[Listed, Details | None]], output: Output) -> None:
    from nhi_components.cli.inventory_render import document, show, show_details

    if output is Output.JSON:
        import json

        typer.echo(json.dumps([document(each, more) for each, more in found], indent=2))
    elif not found:
        typer.echo("no identity fits")
    elif all(more is None for _, more in found):
        show([each for each, _ in found])
    else:
        for each, more in found:
            if more:
                show_details(each, more)
