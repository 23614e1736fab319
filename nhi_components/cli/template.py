"""`nhi template`: what identities of each kind may be, and what an organisation changes in that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nhi_components.cli.connections import Output, OutputOption

if TYPE_CHECKING:
    from nhi_components.core.identity import Kind

template_app = typer.Typer(
    no_args_is_help=True,
    help="The templates by which identities are judged: the standard ones, and what the organisation changes.",
)
_PROBLEMS = 1
FileOption = Annotated[
    Path | None,
    typer.Option(
        "--file", "-f", help="The organisation's file.", show_default="NHI_TEMPLATES, or that of the Pulumi project"
    ),
]


@template_app.command("list")
def list_templates(file: FileOption = None, output: OutputOption = Output.TABLE) -> None:
    """List the template of each kind, as it is in force here.

    Exit code: 2 when the organisation's file is wrong or can't be read.
    """
    from nhi_components.cli import template_render
    from nhi_components.templates import templates_in_force

    templates = templates_in_force(file=file)
    if output is Output.JSON:
        template_render.write_json(template_render.document(templates, list(templates.by_kind)))
    else:
        template_render.show_list(templates)


@template_app.command()
def show(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Such as workload or ai-agent.")],
    file: FileOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show one template with the reason for each setting, and how the organisation's differs from the standard one.

    Exit code: 2 when there is no such kind, or the organisation's file is wrong or can't be read.
    """
    from nhi_components.cli import template_render
    from nhi_components.templates import templates_in_force

    chosen = _kind(kind)
    templates = templates_in_force(file=file)
    if output is Output.JSON:
        template_render.write_json(template_render.document(templates, [chosen]))
    else:
        template_render.show_one(templates, chosen)


@template_app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="The organisation's file.",
            show_default="NHI_TEMPLATES, or that of the Pulumi project",
        ),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Check an organisation's file, and show what it tightens and what it loosens.

    The file is YAML: `version: 1`, a `revision` of your own, `kinds` with the settings that change, and `forbidden`
    for what your organisation never grants.

    Exit codes: 0 it is fine; 1 it has problems; 2 there is none, or it can't be read.
    """
    import os

    from nhi_components.cli import template_render
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.templates import UnreadableTemplates, templates_in_force
    from nhi_components.templates.in_force import FILE_NAME, VARIABLE, find_file

    chosen = file or find_file(Path.cwd(), os.environ)
    if chosen is None:
        fix = f"give its path, set {VARIABLE}, or write {FILE_NAME} beside Pulumi.yaml"
        raise UnreadableTemplates(Problem("FILE", "none given, and none in a Pulumi project here", "a file", fix))
    try:
        templates = templates_in_force(file=chosen)
    except SpecError as error:
        if output is Output.JSON:
            template_render.write_json(template_render.problems_document(chosen, error))
        else:
            typer.echo(f"error: {error}", err=True)
        raise typer.Exit(_PROBLEMS) from None
    if output is Output.JSON:
        template_render.write_json(template_render.check_document(templates))
    else:
        template_render.show_check(templates)


def _kind(text: str) -> Kind:
    from difflib import get_close_matches

    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.core.identity import Kind

    if text not in set(Kind):
        near = get_close_matches(text, list(Kind), n=1)
        fix = f"did you mean {near[0]}?" if near else "choose among them"
        raise SpecError("nhi template show", [Problem("KIND", text, "one of " + ", ".join(Kind), fix)])
    return Kind(text)
