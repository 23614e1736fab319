"""The commands of `nhi`; each is a thin file of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from nhi_components.cli import lint
from nhi_components.cli.adopt import adopt
from nhi_components.cli.audit import audit_app
from nhi_components.cli.decommission import decommission
from nhi_components.cli.discover import discover
from nhi_components.cli.evidence import evidence_app
from nhi_components.cli.expose import expose
from nhi_components.cli.inventory import inventory
from nhi_components.cli.kill import kill
from nhi_components.cli.life import renew, restore, retire, suspend
from nhi_components.cli.new import new
from nhi_components.cli.paths import paths
from nhi_components.cli.permissions import permissions
from nhi_components.cli.plugin import plugin_app
from nhi_components.cli.reap import reap
from nhi_components.cli.refresh import refresh
from nhi_components.cli.repair import repair
from nhi_components.cli.report import report
from nhi_components.cli.rotate import rotate
from nhi_components.cli.rules import rules_app
from nhi_components.cli.template import template_app
from nhi_components.cli.verdicts import verdicts
from nhi_components.cli.verify import verify
from nhi_components.version import VERSION

app = typer.Typer(
    name="nhi",
    help="Non-human identities: judge what they are granted; verify, repair and prove what Pulumi did.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(evidence_app, name="evidence")
app.add_typer(audit_app, name="audit")
app.add_typer(plugin_app, name="plugin")
app.add_typer(rules_app, name="rules")
app.add_typer(template_app, name="template")
app.command()(new)
app.command()(adopt)
app.command()(verify)
app.command()(repair)
app.command()(paths)
app.command()(suspend)
app.command()(retire)
app.command()(renew)
app.command()(restore)
app.command()(kill)
app.command()(reap)
app.command()(rotate)
app.command()(expose)
app.command()(decommission)
app.command()(discover)
app.command()(refresh)
app.command()(inventory)
app.command()(verdicts)
app.command()(report)
app.command()(permissions)


@app.command(
    name="lint",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "allow_interspersed_args": False, "ignore_unknown_options": True},
)
def _lint(context: typer.Context) -> None:
    """Judge what is granted: in documents, manifests, Terraform plans and states, Pulumi exports, a live stack."""
    raise typer.Exit(lint.main(context.args))


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"nhi {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""
