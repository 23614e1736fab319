"""Shows what adopting an identity comes to: each action that is kept or dropped, and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from nhi_components.lifecycle.adoption.plan import AdoptionPlan
    from nhi_components.lifecycle.adoption.reduction import Decision
    from nhi_components.scaffold.adopted import Adopted

_MOST_ROWS = 8
"""Dropped actions up to which each has a row of its own; the JSON names each."""


def document(plan: AdoptionPlan, adopted: Adopted) -> dict[str, Any]:
    """Give the plan as plain data."""
    from nhi_components.lifecycle.adoption.usage import Usage

    usage = plan.usage
    known = {"source": usage.source, "since": usage.since.isoformat()} if isinstance(usage, Usage) else None
    return {
        "key": plan.existing.listed.key,
        "uniqueId": plan.role.unique_id,
        "name": adopted.identity.name,
        "component": f"aws.{adopted.component}",
        "usage": known,
        "notReducedBecause": None if isinstance(usage, Usage) else usage.reason,
        "decisions": [
            {
                "action": each.action,
                "via": each.via,
                "kept": each.kept,
                "reason": str(each.reason),
                "lastUsedAt": each.at.isoformat() if each.at else None,
            }
            for each in plan.decisions
        ],
        "leaves": list(plan.adopts.policies),
        "dependents": [{"kind": each.kind, "name": each.name} for each in plan.existing.dependents],
        "exceptions": [each.model_dump(mode="json") for each in adopted.exceptions],
    }


def _shown(plan: AdoptionPlan) -> Iterator[Decision]:
    """Yield the decisions; many actions of a service that are dropped for the same reason as one."""
    from dataclasses import replace
    from itertools import groupby

    def alike(each: Decision) -> tuple[str, bool, str, str]:
        return each.via, each.kept, each.action.partition(":")[0], each.reason

    for (_, kept, service, _), group in groupby(sorted(plan.decisions, key=alike), alike):
        members = list(group)
        if kept or len(members) <= _MOST_ROWS:
            yield from members
        else:
            yield replace(members[0], action=f"{len(members)} actions of {service}")


def show(plan: AdoptionPlan, adopted: Adopted, into: Path, files: dict[str, str] | None) -> None:
    """Print the plan, then the files where they were not written, else what to do next."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from nhi_components.lifecycle.adoption.reduction import UNDECIDED
    from nhi_components.lifecycle.adoption.usage import Usage

    console, usage = Console(soft_wrap=True), plan.usage
    title = f"{plan.existing.listed.key} becomes aws.{adopted.component} {adopted.identity.name!r}"
    table = Table("", "action", "granted by", "why", title=title)
    for column in table.columns:
        column.overflow = "fold"
    for each in _shown(plan):
        colour = "yellow" if each.reason in UNDECIDED else "green" if each.kept else "red"
        why = f"{each.reason}, {each.at:%Y-%m-%d}" if each.at else str(each.reason)
        table.add_row(f"[{colour}]{'keep' if each.kept else 'drop'}[/]", each.action, escape(each.via), why)
    console.print(table)
    if not adopted.grants:
        console.print("[yellow]nothing stays granted[/]: from then on it may do nothing")
    if isinstance(usage, Usage):
        console.print(f"uses are known since {usage.since:%Y-%m-%d} ({usage.source})")
    else:
        console.print(f"[yellow]nothing was reduced[/]: {escape(usage.reason)}")
    for policy in plan.adopts.policies:
        console.print(f"leaves the role once the new grants are in place: {escape(policy)}")
    for dependent in plan.existing.dependents:
        console.print(f"goes on using it: {dependent.kind} {escape(dependent.name)}")
    for exception in adopted.exceptions:
        console.print(f"[yellow]needs an exception[/] from {exception.rule}, permitted by {escape(exception.approver)}")
    show_next(adopted.identity.environment, into, files)


def show_next(environment: str, into: Path, files: dict[str, str] | None) -> None:
    """Print the files where they were not written, else what to do next."""
    from nhi_components.scaffold.adopting import IMPORT_FILE

    if files is not None:
        for path, text in files.items():
            typer.echo(f"\n{into / path}\n{text}")
        return
    typer.echo(
        f"\nnext:\n  cd {into}\n  pulumi stack init {environment}\n"
        f"  pulumi import --file {IMPORT_FILE} --generate-code=false\n  pulumi up --policy-pack policy"
    )
