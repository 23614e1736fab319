"""What `nhi rotate` and `nhi expose` found and did, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from nhi_components.cli.connections import Output
from nhi_components.cli.credentials import planned
from nhi_components.cli.rotate_document import plan_document, result_document
from nhi_components.core.errors import NhiError
from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.credentials.decision import Cause
from nhi_components.lifecycle.credentials.exposing import Search
from nhi_components.lifecycle.credentials.fleet import Result
from nhi_components.lifecycle.credentials.looking import Plan
from nhi_components.lifecycle.credentials.outcome import Outcome, Revoked
from nhi_components.provider.held_credentials import HeldCredential


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a table: what, where, and what became of it."""

    system: str
    what: str
    told: str
    good: bool = True


def show_plans(
    credentials: Sequence[HeldCredential],
    asked: Cause | None,
    output: Output,
    leaked: Callable[[int], frozenset[str]],
    unseen: Sequence[str] = (),
) -> int:
    """Show what would be done, and change nothing; return 0, or 1 where something could not be looked at.

    Args:
        credentials: which.
        asked: why somebody asks for new keys; None: only what is due.
        output: how.
        leaked: tells which keys of one of them leaked.
        unseen: what could not be looked at.
    """
    plans: list[tuple[HeldCredential, Plan | str]] = []
    for index, each in enumerate(credentials):
        try:
            plans.append((each, planned(each, asked, leaked(index))))
        except NhiError as failure:
            plans.append((each, str(failure)))
    if output is Output.JSON:
        document = {"credentials": [plan_document(*each) for each in plans], "notLookedAt": list(unseen)}
        typer.echo(json.dumps(document, indent=2))
    else:
        for credential, plan in plans:
            _table(f"{credential.key}: {credential.inputs.spec.source.kind}", _plan_rows(plan))
        if not plans:
            typer.echo("no credential fits: nothing would be done")
        _say_unseen(unseen)
    return 1 if unseen or any(isinstance(plan, str) or plan.refused for _, plan in plans) else 0


def show_results(
    command: str,
    credentials: Sequence[HeldCredential],
    results: Sequence[Result],
    output: Output,
    unseen: Sequence[str] = (),
) -> None:
    """Show what became of each credential, a row for each of its systems, and how long it took."""
    if output is Output.JSON:
        told = [result_document(credentials[result.index], result) for result in results]
        complete = all(result.is_complete for result in results) and not unseen
        document = {"complete": complete, "credentials": told, "notLookedAt": list(unseen)}
        typer.echo(json.dumps(document, indent=2))
        return
    for result in results:
        credential = credentials[result.index]
        _table(f"{credential.key}: {credential.inputs.spec.source.kind}", _rows(credential, result))
        _say_summary(credential, result)
    _say_unseen(unseen)
    if not results:
        typer.echo(f"{command}: no credential fits; nothing was done")


def show_search(found: Search, asked: int, output: Output) -> None:
    """Say that no credential has a leaked key, or that this is not known."""
    if output is Output.JSON:
        document = {"complete": False, "credentials": [], "searched": asked, "notLookedAt": list(found.unseen)}
        typer.echo(json.dumps(document, indent=2))
        return
    typer.echo(f"none of the {asked} credentials of the stack has such a key; by value only current keys can be found")
    _say_unseen(found.unseen)


def _say_unseen(unseen: Sequence[str]) -> None:
    for line in unseen:
        typer.echo(f"not looked at: {line}")


def _rows(credential: HeldCredential, result: Result) -> list[_Row]:
    outcome, source = result.outcome, credential.inputs.spec.source
    at_source = f"{source.system}/{source.connection}"
    if outcome is None:
        return [_Row(at_source, str(source.kind), result.failure, good=False)]
    start = outcome.started
    rows = [_Row(at_source, f"revoked {each.key}", _revoked(each, start)) for each in outcome.revoked]
    if outcome.cause:
        rows.append(_Row(at_source, f"made {outcome.key}", f"{outcome.cause}; version {outcome.version}"))
    for delivery in outcome.deliveries:
        told = delivery.problem or f"holds it after {_after(delivery.confirmed_at, start)}"
        where = f"{delivery.place.system}/{delivery.place.connection}"
        what = f"{delivery.place.kind} {delivery.place.address}"
        rows.append(_Row(where, what, told, good=not delivery.problem))
    rows += [
        _Row(at_source, f"{key}, the one before", f"works until {_time(until)}") for key, until in outcome.retiring
    ]
    for each in outcome.refreshed:
        told = each.problem or f"told after {_after(each.at, start)}"
        rows.append(_Row("dependent", each.name, told, good=not each.problem))
    for each in outcome.notified:
        told = each.problem or f"told after {_after(each.at, start)}"
        rows.append(_Row("people", each.name, told, good=not each.problem))
    return rows or [_Row(at_source, str(source.kind), "nothing to do")]


def _say_summary(credential: HeldCredential, result: Result) -> None:
    outcome = result.outcome
    if outcome is None:
        return
    took = (outcome.ended - outcome.started).total_seconds()
    done = "finished what another run began" if outcome.resumed else "done" if outcome.changed else "nothing to do"
    state = done if result.is_complete else "not complete"
    due = f"; due {_time(outcome.due_at)}" if outcome.due_at else ""
    typer.echo(f"{credential.key}: {state} in {took:.1f} s{due}")
    if not result.is_complete:
        typer.echo(f"{credential.key}: {_what_is_left(credential, outcome, result)}")
    if outcome.waits:
        typer.echo(f"{credential.key}: waits: {outcome.waits}")
    if outcome.cause or outcome.resumed:
        typer.echo(f"{credential.key}: `pulumi up` rolls what takes the version {outcome.version} as an input")
    if credential.is_suspended:
        typer.echo(f"{credential.key}: {credential.suspension}: no new key was made")


def _what_is_left(credential: HeldCredential, outcome: Outcome, result: Result) -> str:
    unheard = [each.name for each in outcome.notified if each.problem]
    if not result.failure and len(unheard) == len(outcome.failures):
        return f"{', '.join(unheard)} failed: tell those people yourself; everything else is done"
    failure = f"{result.failure}\n" if result.failure else ""
    return f"{failure}`nhi rotate {credential.key} --due` goes on"


def _plan_rows(plan: Plan | str) -> list[_Row]:
    if isinstance(plan, str):
        return [_Row("", "could not be looked at", plan, good=False)]
    decision = plan.decision
    rows = [_Row("source", f"revoke {key}", "nobody delivers it") for key in decision.strays]
    rows += [_Row("source", f"revoke {key}", why) for key, why in decision.retire.items()]
    if decision.cause:
        rows.append(_Row("source", "make a new key", str(decision.cause)))
    rows += [_Row("place", place, "deliver") for place in plan.deliver]
    for dependent in plan.dependents:
        unknown = isinstance(dependent.alive, NotChecked)
        alive = "it may live" if unknown else "it lives" if dependent.alive else "it does not live"
        rows.append(_Row("dependent", dependent.name, f"{alive}; {'told' if dependent.can_refresh else 'not told'}"))
    rows += [_Row("waits", decision.waits, "")] if decision.waits else []
    rows += [_Row("drift", line, "", good=False) for line in plan.standing.drift]
    rows += [_Row("refused", plan.refused, "", good=False)] if plan.refused else []
    return rows or [_Row("", "nothing to do", "")]


def _table(title: str, rows: Sequence[_Row]) -> None:
    table = Table("system", Column("what", overflow="fold"), Column("result", overflow="fold"), title=title)
    for row in rows:
        told = escape(row.told) if row.good else f"[red]{escape(row.told)}[/]"
        table.add_row(escape(row.system), escape(row.what), told)
    Console().print(table)


def _revoked(revoked: Revoked, start: datetime) -> str:
    disabled = f"disabled after {_after(revoked.disabled_at, start)}, " if revoked.disabled_at else ""
    refused = revoked.refused_at
    if isinstance(refused, NotChecked):
        return (
            f"{revoked.why}: {disabled}deleted after {_after(revoked.deleted_at, start)}, not tried: {refused.reason}"
        )
    tried = f"refused after {_after(refused, start)}"
    return f"{revoked.why}: {disabled}deleted after {_after(revoked.deleted_at, start)}, {tried}"


def _after(moment: datetime | None, start: datetime) -> str:
    return "-" if moment is None else f"{(moment - start).total_seconds():.1f} s"


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes").replace("+00:00", "Z")
