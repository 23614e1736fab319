"""`nhi plugin`: the provider plugin in Pulumi's cache."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

plugin_app = typer.Typer(help="The provider plugin that Pulumi runs for nhi resources.", no_args_is_help=True)


@plugin_app.callback()
def _plugin() -> None:
    """Group the commands of the plugin."""


@plugin_app.command()
def install(
    home: Annotated[Path | None, typer.Option(help="Pulumi's home.", show_default="PULUMI_HOME, or ~/.pulumi")] = None,
) -> None:
    """Register this version of the plugin, so that any shell and any project finds it; safe to repeat."""
    from nhi_components.provider import installation

    done = installation.install(home or installation.pulumi_home())
    typer.echo(f"{'installed' if done.changed else 'already installed'}: {done.launcher}")
