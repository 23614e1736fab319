"""Shows what adopting a service account comes to: each binding that is kept or dropped, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nhi_components.lifecycle.adoption.account_plan import AccountPlan
    from nhi_components.scaffold.adopted_account import AdoptedAccount


def document(plan: AccountPlan, adopted: AdoptedAccount) -> dict[str, Any]:
    """Give the plan as plain data."""
    from nhi_components.lifecycle.adoption.account_plan import NOT_REDUCED

    return {
        "key": plan.existing.listed.key,
        "uniqueId": plan.account.unique_id,
        "name": adopted.identity.name,
        "component": f"gcp.{adopted.component}",
        "usage": None,
        "notReducedBecause": NOT_REDUCED,
        "decisions": [
            {"role": each.role, "on": each.resource, "kept": each.kept, "reason": each.reason}
            for each in plan.decisions
        ],
        "trust": {"kind": type(plan.trust).__name__, **plan.trust.model_dump(mode="json")},
        "leaves": list(plan.adopts.bindings),
        "disabledKeys": list(plan.account.disabled_keys),
        "dependents": [{"kind": each.kind, "name": each.name} for each in plan.existing.dependents],
        "exceptions": [each.model_dump(mode="json") for each in adopted.exceptions],
    }


def show(plan: AccountPlan, adopted: AdoptedAccount, into: Path, files: dict[str, str] | None) -> None:
    """Print the plan, then the files where they were not written, else what to do next."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from nhi_components.cli.adopt_render import show_next
    from nhi_components.lifecycle.adoption.account_plan import NOT_REDUCED

    console = Console(soft_wrap=True)
    title = f"{plan.existing.listed.key} becomes gcp.{adopted.component} {adopted.identity.name!r}"
    table = Table("", "role", "on", "why", title=title)
    for column in table.columns:
        column.overflow = "fold"
    for each in plan.decisions:
        colour = "yellow" if each.kept else "red"
        word = "keep" if each.kept else "drop"
        table.add_row(f"[{colour}]{word}[/]", escape(each.role), escape(each.resource), escape(each.reason))
    console.print(table)
    if not adopted.grants:
        console.print("[yellow]nothing stays granted[/]: from then on it may do nothing")
    console.print(f"[yellow]nothing was reduced[/]: {NOT_REDUCED}")
    for binding in plan.adopts.bindings:
        console.print(f"leaves once the lease's bindings are in place: {escape(binding)}")
    for key in plan.account.disabled_keys:
        console.print(f"[yellow]disabled key[/] {escape(key)}: it goes when the identity is destroyed")
    for dependent in plan.existing.dependents:
        console.print(f"goes on using it: {dependent.kind} {escape(dependent.name)}")
    for exception in adopted.exceptions:
        console.print(f"[yellow]needs an exception[/] from {exception.rule}, permitted by {escape(exception.approver)}")
    show_next(adopted.identity.environment, into, files)
