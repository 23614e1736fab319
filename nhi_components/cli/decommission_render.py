"""What `nhi decommission` shows: what became of each identity, and the cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from nhi_components.cli.connections import Output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from nhi_components.lifecycle.decommission.case import Case, Noted
    from nhi_components.lifecycle.decommission.result import Result

_GOOD = ("removed", "restored", "gone", "decided")


def show_results(results: Sequence[Result], output: Output) -> None:
    """Show what became of each identity."""
    if output is Output.JSON:
        _print([_result(each) for each in results])
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    if not results:
        Console().print("nothing is to be done")
        return
    table = Table(*(Column(name, overflow="fold") for name in ("identity", "outcome", "until", "case", "detail")))
    for each in results:
        colour = "green" if each.outcome in _GOOD else "yellow" if each.outcome.is_well else "red"
        table.add_row(
            escape(each.target.key),
            f"[{colour}]{each.outcome}[/]",
            f"{each.until:%Y-%m-%d}" if each.until else "",
            each.case.id if each.case else "",
            escape(each.detail),
        )
    Console().print(table)


def show_cases(cases: Sequence[tuple[Case, Sequence[Noted]]], now: datetime, output: Output) -> None:
    """Show cases, with what became of each.

    Args:
        cases: each with its stages.
        now: by which it is judged what is due.
        output: how.
    """
    if output is Output.JSON:
        _print([_case(case, now) | {"stages": [_noted(each) for each in noted]} for case, noted in cases])
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    if not cases:
        Console().print("there is no case")
        return
    names = ("case", "identity", "stage", "due", "approver", "reason", "stopped by")
    table = Table(*(Column(name, overflow="fold") for name in names))
    for case, _ in cases:
        due = "now" if _is_due(case, now) else f"{case.due_at:%Y-%m-%d}" if case.due_at else ""
        decision = case.decision
        cells = (case.id, case.target.key, case.stage, due, decision.approver, decision.reason, case.stopped)
        table.add_row(*(escape(cell) for cell in cells))
    Console().print(table)


def _is_due(case: Case, now: datetime) -> bool:
    return not case.stage.is_closed and (case.due_at is None or case.due_at <= now)


def _print(document: list[dict[str, Any]]) -> None:
    import json

    typer.echo(json.dumps(document, indent=2))


def _result(result: Result) -> dict[str, Any]:
    target = result.target
    return {
        "key": target.key,
        "uniqueId": target.unique_id,
        "system": target.system,
        "place": target.place,
        "kind": target.kind,
        "outcome": result.outcome,
        "detail": result.detail,
        "until": _time(result.until),
        "case": result.case.id if result.case else None,
        "stage": result.case.stage if result.case else None,
        "record": result.case.record if result.case else None,
    }


def _case(case: Case, now: datetime) -> dict[str, Any]:
    target, decision = case.target, case.decision
    return {
        "case": case.id,
        "key": target.key,
        "uniqueId": target.unique_id,
        "system": target.system,
        "place": target.place,
        "kind": target.kind,
        "stage": case.stage,
        "due": _is_due(case, now),
        "dueAt": _time(case.due_at),
        "approver": decision.approver,
        "reason": decision.reason,
        "despite": sorted(decision.despite),
        "owners": list(case.held["owners"]),
        "noticedAt": _time(case.opened_at),
        "noticeUntil": _time(case.notice_until),
        "notifiedAt": _time(case.notified_at),
        "disabledAt": _time(case.disabled_at),
        "graceDays": case.grace_days,
        "graceUntil": _time(case.grace_until),
        "closedAt": _time(case.closed_at),
        "marked": case.marked,
        "stopped": case.stopped,
        "record": case.record,
    }


def _noted(noted: Noted) -> dict[str, Any]:
    return {
        "stage": noted.stage,
        "at": _time(noted.at),
        "approver": noted.approver,
        "reason": noted.reason,
        "detail": noted.detail,
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
