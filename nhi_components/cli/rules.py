"""`nhi rules`: which rules there are, and what each of them says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhi_components.cli.connections import Output, OutputOption

if TYPE_CHECKING:
    from nhi_components.rules import Rule

rules_app = typer.Typer(no_args_is_help=True, help="The rules by which grants are judged.")
ClassOption = Annotated[list[str] | None, typer.Option("--class", help="Only this class; repeat it.")]


@rules_app.command("list")
def list_rules(rule_class: ClassOption = None, output: OutputOption = Output.TABLE) -> None:
    """List the rules with class, severity, level in the baseline and what holds when they are met."""
    from nhi_components.lint.settings import Wanted
    from nhi_components.rules import rules

    wanted = Wanted.of((), rule_class or ())
    chosen = [rule for rule in rules().values() if rule.id in wanted]
    if output is Output.JSON:
        import json

        typer.echo(json.dumps({"rules": [_fields(rule) for rule in chosen]}, indent=2))
        return
    columns = [(rule.id, rule.rule_class.value, rule.severity.value, rule.baseline.value) for rule in chosen]
    widths = [max((len(row[index]) for row in columns), default=0) for index in range(4)]
    for row, rule in zip(columns, chosen, strict=True):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo(f"{cells}  {rule.title}")


@rules_app.command()
def show(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Such as aws.wildcard-action.")],
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what a rule holds, why, what it refuses and accepts, and the fix.

    Exit code: 2 when there is no such rule.
    """
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.reports.classes import rule_named

    rule = rule_named(rule_id)
    if rule is None:
        from difflib import get_close_matches

        from nhi_components.rules import rules

        near = ", ".join(get_close_matches(rule_id, rules(), n=3, cutoff=0.4))
        fix = f"choose among {near}" if near else "`nhi rules list` shows them"
        raise SpecError("nhi rules show", [Problem("ID", rule_id, "the id of a rule", fix)])
    if output is Output.JSON:
        import json

        typer.echo(json.dumps(_fields(rule), indent=2))
    else:
        from nhi_components.rules.documentation import pages

        typer.echo(pages()[f"{rule.id}.md"].rstrip())


def _fields(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "class": rule.rule_class.value,
        "severity": rule.severity.value,
        "baseline": rule.baseline.value,
        "title": rule.title,
        "why": rule.why,
        "fix": rule.fix,
        "bad": rule.bad.text,
        "good": rule.good.text,
        "references": [reference.value for reference in rule.references],
        "sources": list(rule.sources),
    }
