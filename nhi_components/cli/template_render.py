"""Writes templates for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nhi_components.core.errors import SpecError
from nhi_components.core.identity import Kind
from nhi_components.templates import Template, Templates
from nhi_components.templates.differences import Difference, Direction, approvals_of, differences, value_of
from nhi_components.templates.model import ForbiddenGrant, Settings

_COLOURS: Final = {Direction.LOOSENED: "red", Direction.TIGHTENED: "green"}
_HOUR: Final = 3600


def write_json(content: dict[str, Any]) -> None:
    """Write a document for programs."""
    typer.echo(json.dumps(content, indent=2))


def document(templates: Templates, kinds: Sequence[Kind]) -> dict[str, Any]:
    """Give the templates of some kinds as data, with the reasons and everything that the organisation changes."""
    changes = differences(templates)
    return {
        **_edition(templates),
        "templates": [
            {
                **templates.by_kind[kind].model_dump(mode="json", exclude={"approvals"}),
                "approvals": approvals_of(templates.by_kind[kind]),
                "why": dict(templates.standard.kinds[kind].why),
                "changes": [_change(each) for each in changes if each.kind is kind],
            }
            for kind in kinds
        ],
    }


def check_document(templates: Templates) -> dict[str, Any]:
    """Give what a file without problems changes, as data."""
    return {**_edition(templates), "problems": [], "changes": [_change(each) for each in differences(templates)]}


def problems_document(file: Path, error: SpecError) -> dict[str, Any]:
    """Give the problems of a file as data."""
    problems = [
        {"path": each.path, "got": each.got, "expected": each.expected, "fix": each.fix} for each in error.problems
    ]
    return {"file": str(file), "problems": problems, "changes": []}


def show_list(templates: Templates) -> None:
    """Write a table of all kinds."""
    table = _table(_title(templates), "", *(kind.replace("-", "-\n") for kind in templates.by_kind))
    for setting in Settings.model_fields:
        table.add_row(_label(setting), *(escape(_shown(each, setting)) for each in templates.by_kind.values()))
    table.add_row("forbidden", *(str(len(each.forbidden)) for each in templates.by_kind.values()))
    Console().print(table)


def show_one(templates: Templates, kind: Kind) -> None:
    """Write one template: setting by setting, then what is never granted."""
    template, base = templates.by_kind[kind], templates.standard.template(kind)
    why = templates.standard.kinds[kind].why
    changes = [each for each in differences(templates) if each.kind is kind]
    console = Console()
    own_column = ["organisation"] if templates.organisation else []
    table = _table(f"{kind}: {_title(templates)}", "", "standard", *own_column, "why the standard")
    for setting in Settings.model_fields:
        direction = _direction(setting, changes)
        own = [_painted(_shown(template, setting), direction)] if templates.organisation else []
        table.add_row(_label(setting), escape(_shown(base, setting)), *own, escape(why[setting]))
    console.print(table)
    forbidden = _table(f"{kind}: forbidden grants", "", "what", "why")
    for name, grant in template.forbidden.items():
        forbidden.add_row(name, escape(_patterns(grant)), escape(grant.reason))
    console.print(forbidden)
    if templates.organisation:
        _show_changes(console, changes)


def show_check(templates: Templates) -> None:
    """Write what a file without problems changes."""
    console = Console()
    console.print(
        f"[green]no problems[/] in {escape(str(templates.file))}: {escape(_title(templates))}", soft_wrap=True
    )
    _show_changes(console, differences(templates))


def _show_changes(console: Console, changes: Sequence[Difference]) -> None:
    if not changes:
        console.print("nothing differs from the standard templates")
        return
    table = _table("what the organisation changes", "kind", "setting", "standard → organisation", "reason", whole=2)
    for each in changes:
        change = f"{escape(each.standard)} → {_painted(each.organisation, each.direction)}"
        table.add_row(each.kind, escape(each.setting), change, escape(each.reason))
    console.print(table)


def _edition(templates: Templates) -> dict[str, Any]:
    own = templates.organisation
    return {
        "standard": templates.standard.revision,
        "organisation": own.revision if own else None,
        "file": str(templates.file) if templates.file else None,
    }


def _change(difference: Difference) -> dict[str, str]:
    return {name: str(value) for name, value in difference._asdict().items()}


def _title(templates: Templates) -> str:
    return f"templates ({templates.edition})"


def _table(title: str, *columns: str, whole: int = 1) -> Table:
    """Make a table that folds what is too wide for the terminal, and cuts nothing off; the first columns stay whole."""
    table = Table(title=escape(title), box=SIMPLE_HEAD, title_justify="left", pad_edge=False, padding=(0, 1, 0, 0))
    for index, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=index < whole)
    return table


def _label(setting: str) -> str:
    return setting.removesuffix("_days").removesuffix("_seconds").removesuffix("_required")


def _shown(template: Template, setting: str) -> str:
    if setting == "approvals":
        return _approvals(template)
    if setting == "session_seconds":
        hours, rest = divmod(template.session_seconds, _HOUR)
        return f"{template.session_seconds} s" if rest else f"{hours} h"
    return value_of(template, setting) + (" d" if setting.endswith("_days") else "")


def _approvals(template: Template) -> str:
    return ", ".join(f"{pattern}: {count}" for pattern, count in approvals_of(template).items()) or "none"


def _direction(setting: str, changes: Sequence[Difference]) -> Direction | None:
    """Tell whether a setting is changed; of several parts of it, the loosened one is told."""
    found = [each.direction for each in changes if each.setting.partition(".")[0] == setting]
    return Direction.LOOSENED if Direction.LOOSENED in found else Direction.TIGHTENED if found else None


def _painted(text: str, direction: Direction | None) -> str:
    if direction is None:
        return escape(text)
    return f"[{_COLOURS[direction]}]{escape(text)} ({direction})[/]"


def _patterns(grant: ForbiddenGrant) -> str:
    if grant.capabilities:
        return f"{', '.join(grant.capabilities)} on {', '.join(grant.paths)}"
    return ", ".join(grant.actions or grant.permissions or grant.operations or grant.paths)
