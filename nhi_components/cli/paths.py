"""`nhi paths`: which identities can become an administrator, and how?"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nhi_components.facts.chain.model import Part
    from nhi_components.facts.chain.search import Found
    from nhi_components.reports.graph import PathReport

_FOUND = 1


class Form(StrEnum):
    """How the command answers."""

    TEXT = "text"
    JSON = "json"
    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


def paths(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE…", help="Plans, states, exports, previews; - is standard input.")
    ] = None,
    stack: Annotated[str | None, typer.Option("--stack", "-s", help="Look at this live Pulumi stack instead.")] = None,
    cwd: Annotated[Path, typer.Option(metavar="FOLDER", help="The stack's project.")] = Path(),
    start: Annotated[
        str | None, typer.Option("--from", metavar="IDENTITY", help="Only this identity: its name, address or URN.")
    ] = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="Text, JSON, or a picture.")] = Form.TEXT,
) -> None:
    """Show every way by which an identity of a stack becomes an administrator.

    Exit codes: 0 there is none; 1 there are some; 2 wrong input.
    """
    from datetime import UTC, datetime

    from nhi_components.facts.chain.reading import graph_of
    from nhi_components.facts.chain.search import search
    from nhi_components.reports.graph import PathReport, chosen_paths

    parts = _parts(files or [], stack, cwd)
    graph = graph_of(parts)
    found = search(graph, datetime.now(UTC))
    keys = None if start is None else _keys(found, start)
    unlinked = tuple(grant for system in graph.systems for grant in system.unlinked)
    report = PathReport(found, chosen_paths(found, keys), unlinked)
    typer.echo(_written(report, output).encode("utf-8", "backslashreplace"), nl=False)
    raise typer.Exit(_FOUND if report.paths else 0)


def _parts(files: list[str], stack: str | None, directory: Path) -> list[Part]:
    from nhi_components.core.errors import Problem, SpecError

    if bool(files) == bool(stack):
        got = "both FILE and --stack" if stack else "nothing"
        raise SpecError("nhi paths", [Problem("arguments", got, "one source", "run `nhi paths FILE` or with --stack")])
    if stack:
        from nhi_components.facts.chain.stack_links import told_by
        from nhi_components.facts.files import of_pulumi
        from nhi_components.facts.stack_export import resources_of_export
        from nhi_components.provider.engine import Engine

        export = Engine(directory, stack).export()
        return of_pulumi("Pulumi stack", resources_of_export(export), told_by(export)).parts
    return _parts_of_files(files)


def _parts_of_files(files: list[str]) -> list[Part]:
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.facts.files import read_text
    from nhi_components.lint.inputs import inputs_at

    parts: list[Part] = []
    problems: list[Problem] = []
    given = list(inputs_at(files))
    for each in given:
        content = read_text(each.name, each.text)
        problem = each.problem or content.problem or ("" if content.addressed else "no plan, state, stack or preview")
        if problem and each.named:
            problems.append(Problem(each.name, problem, "a plan, state, stack export or preview", "leave it out"))
        parts += [part.inside(each.name) for part in content.parts] if len(given) > 1 else content.parts
    if problems:
        raise SpecError("nhi paths", problems)
    return parts


def _keys(found: Found, start: str) -> list[str]:
    from nhi_components.core.errors import Problem, SpecError

    identities = found.graph.identities
    keys = [key for key, identity in identities.items() if start in (key, identity.name, identity.resource.name)]
    if not keys:
        from difflib import get_close_matches

        near = get_close_matches(start, [identity.name for identity in identities.values()], n=3, cutoff=0.4)
        fix = f"choose among {', '.join(near)}" if near else "give its name, address or URN"
        raise SpecError("nhi paths", [Problem("--from", start, "an identity of the stack", fix)])
    return keys


def _written(report: PathReport, output: Form) -> str:
    import os
    import sys

    from nhi_components.reports import graph, graph_pictures

    match output:
        case Form.JSON:
            return graph.as_json(report)
        case Form.MERMAID:
            return graph_pictures.as_mermaid(report)
        case Form.DOT:
            return graph_pictures.as_dot(report)
        case Form.SVG:
            return graph_pictures.as_svg(report)
        case Form.TEXT:
            return graph.as_tree(report, colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
