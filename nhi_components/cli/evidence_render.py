"""How `nhi evidence` prints: tables and a timeline for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nhi_components.lifecycle.evidence.audit_events import AuditEvent, AuditRecord, Outcome
from nhi_components.lifecycle.evidence.changes_of_state import RestorationRecord, SuspensionRecord
from nhi_components.lifecycle.evidence.contents import CutOffRecord, IncompleteRecord, LeaseContent, TeardownRecord
from nhi_components.lifecycle.evidence.flaws import Flaw
from nhi_components.lifecycle.evidence.parts import At, Known, Record, Stated
from nhi_components.lifecycle.evidence.reader import Reading, in_order
from nhi_components.lifecycle.evidence.revocations import RevocationRow, Verdict
from nhi_components.lifecycle.evidence.rotations import RotationRecord
from nhi_components.lifecycle.evidence.statement import Predicate
from nhi_components.lifecycle.evidence.timeline import WIDTH, timeline
from nhi_components.lifecycle.evidence.verify import VerificationReport, revocations_of

_STYLES = {Verdict.MET: "", Verdict.MISSED: "bold red", Verdict.NOT_SHOWN: "yellow"}


def print_statements(readings: Sequence[Reading], flaws: Sequence[Flaw]) -> None:
    """Print each lease's statements in the order of their writing, other events, then what is wrong with the store."""
    console = _console()
    by_lease: dict[str, list[tuple[Predicate, LeaseContent]]] = {}
    events: list[AuditEvent] = []
    for predicate in in_order(reading.predicate for reading in readings if reading.predicate):
        if isinstance(predicate.content, AuditRecord):
            events += predicate.content.events
        else:
            by_lease.setdefault(predicate.content.lease.lease_id, []).append((predicate, predicate.content))
    for statements in by_lease.values():
        _print_lease(console, statements)
    for event in events:
        _print_event(console, event)
    _print_flaws(console, flaws)


def _print_event(console: Console, event: AuditEvent) -> None:
    """Print an event in one line: its columns have no common width that would leave a key readable."""
    failed = event.outcome is Outcome.FAILURE
    parts = [
        _time(event.at),
        f"{event.type}{': failure' if failed else ''}",
        *((event.identity.key,) if event.identity else ()),
        *(part for part in (event.verdict, event.case) if part),
        *((f"by {event.actor.value}",) if isinstance(event.actor, Known) else ()),
    ]
    reason = f": {event.reason.value}" if isinstance(event.reason, Known) else ""
    console.print(Text(f"{'  '.join(parts)}{reason}", style="red" if failed else ""))


def print_report(report: VerificationReport) -> None:
    """Print what verification found: chains, leases, notes, problems, verdict."""
    console = _console()
    for chain in report.chains:
        console.print(
            f"chain {chain.chain_id}: {chain.statements} statements, {chain.anchoring}, head {chain.head_digest}"
        )
    rows = [(x.lease_id, _time(x.at), f"{x.identity} ({x.environment})", x.state) for x in report.leases]
    if rows:
        console.print(_table(("lease", "recorded at", "identity", "newest statement"), rows))
    if report.events:
        console.print(f"{report.events:,} events about identities without a lease")
    for lease in report.leases:
        _print_revocations(console, lease.revocations, f"{lease.lease_id}: ")
        for fact in lease.unchecked:
            console.print(Text(f"note: {lease.lease_id}: {fact}"))
    for note in report.notes:
        console.print(Text(f"note: {note}"))
    _print_flaws(console, report.flaws)
    if report.ok:
        console.print(Text("verified: signatures, chain and completeness hold", style="bold green"))


def report_as_json(report: VerificationReport) -> str:
    """Write the report as JSON."""
    return _json(
        {
            "ok": report.ok,
            "empty": report.empty,
            "trusted_keys": report.trusted,
            "pinned_on_first_use": report.pinned_on_first_use,
            "chains": [dataclasses.asdict(chain) for chain in report.chains],
            "leases": [dataclasses.asdict(lease) for lease in report.leases],
            "events": report.events,
            "problems": [dataclasses.asdict(flaw) for flaw in report.flaws],
            "notes": report.notes,
        }
    )


def statements_as_json(readings: Sequence[Reading], flaws: Sequence[Flaw]) -> str:
    """Write statements as JSON; one that is refused has no predicate."""
    statements = [
        {
            "file": reading.stored.path,
            "sha256": reading.digest,
            "trusted": reading.predicate is not None,
            "predicate": reading.predicate.model_dump(mode="json") if reading.predicate else None,
        }
        for reading in readings
    ]
    return _json({"statements": statements, "problems": [dataclasses.asdict(flaw) for flaw in flaws]})


def _print_lease(console: Console, statements: Sequence[tuple[Predicate, LeaseContent]]) -> None:
    newest = statements[-1][1]
    lease = newest.lease
    console.print(Text(f"{lease.identity} ({lease.environment})  {lease.lease_id}", style="bold"))
    console.print(
        Text(f"owner {lease.owner}, stack {lease.stack}, issued {lease.issued}, to end {lease.ends}: {lease.purpose}")
    )
    rows = [(p.kind, _time(p.recorded_at), _stated(said.approver), p.signed_with.key_class) for p, said in statements]
    console.print(_table(("statement", "recorded at", "approver", "key"), rows))
    _print_revocations(console, revocations_of(said for _, said in statements), "  ")
    console.print(Text(f"  reason: {_stated(newest.reason)}"))
    for caller in newest.callers:
        console.print(Text(f"  run on {caller.system} by {_stated(caller.principal)}"))
    match newest:
        case TeardownRecord() | IncompleteRecord() as ended:
            _print_timeline(console, ended)
        case CutOffRecord() as cut:
            for row in cut.rows:
                console.print(Text(f"  cut off: {row.link}"))
        case SuspensionRecord() | RestorationRecord() as change:
            _print_change(console, change)
        case RotationRecord() as rotation:
            _print_rotation(console, rotation)


def _print_revocations(console: Console, rows: Sequence[RevocationRow], margin: str) -> None:
    for row in rows:
        console.print(Text(f"{margin}{row}", style=_STYLES[row.verdict]))


def _print_change(console: Console, change: SuspensionRecord | RestorationRecord) -> None:
    if isinstance(change, RestorationRecord):
        console.print(Text(f"  restored after a {change.after}: {change.cause}"))
        return
    console.print(Text(f"  suspended: {change.cause}"))
    for link in change.revoked:
        console.print(Text(f"  revoked: {link}"))
    for row in change.unrevoked:
        console.print(Text(f"  not revoked: {row.system}, connection {row.connection}: {row.reason}", style="bold red"))


def _print_rotation(console: Console, rotation: RotationRecord) -> None:
    made = f"new key, {rotation.cause}" if rotation.cause else "no new key"
    key = f"version {rotation.version} is {rotation.key}" if rotation.key else "no key works"
    console.print(Text(f"  credential of {rotation.source}: {made}; {key}"))
    for delivery in rotation.deliveries:
        at = delivery.confirmed_at
        told = f"holds it since {_time(at.time)}" if isinstance(at, At) else "does not hold it"
        console.print(Text(f"  {delivery.link}: {told}", style="" if isinstance(at, At) else "bold red"))
    for revoked in rotation.revoked:
        console.print(Text(f"  revoked: {revoked.key}: {revoked.why}"))
    for retiring in rotation.retiring:
        console.print(Text(f"  {retiring.key} works until {_time(retiring.until)}"))
    for row in (*rotation.refreshed, *rotation.notified):
        console.print(Text(f"  told {row.name}: {row.problem or 'done'}", style="bold red" if row.problem else ""))


def _print_timeline(console: Console, ended: TeardownRecord | IncompleteRecord) -> None:
    span, rows = timeline(ended.removals, ended.operation.started)
    console.print(Text(f"  0 s{f'{span:.1f} s':>{WIDTH - 3}}  D disabled, A absent, R refused, * several at once"))
    for row in rows:
        console.print(Text(f"  {row.picture}  {row.resource}"))
        console.print(Text(f"  {'':{WIDTH}}  {row.words}"))
    for removal in ended.removals:
        for name, fact in (
            ("recoverable", removal.recoverable_until),
            ("sessions possible", removal.sessions_possible_until),
        ):
            if isinstance(fact, At):
                console.print(Text(f"  {removal.link}: {name} until {_time(fact.time)}"))
    for namesake in ended.namesakes:
        console.print(Text(f"  left alone, somebody else's: {namesake} ({namesake.unique_id})"))
    for swept in ended.swept:
        console.print(Text(f"  swept: {swept.link} {swept.detail or ''}".rstrip()))
    for unseen in ended.unseen:
        console.print(Text(f"  not looked for: {unseen.system} {unseen.kind}: {unseen.reason}", style="yellow"))
    if isinstance(ended, IncompleteRecord):
        for alive in ended.alive:
            text = f"  still alive: {alive.link}, {alive.where}, since {_time(alive.since)}"
            console.print(Text(text, style="bold red"))


def _print_flaws(console: Console, flaws: Sequence[Flaw]) -> None:
    for flaw in flaws:
        console.print(Text(str(flaw), style="red"))
    if flaws:
        console.print(Text(f"not verified: {len(flaws)} problem{'s' if len(flaws) != 1 else ''}", style="bold red"))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table whose first two columns, an id and a time, are never shortened."""
    table = Table(box=box.SIMPLE)
    for index, column in enumerate(columns):
        table.add_column(column, no_wrap=index < 2, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False, markup=False)


def _stated(stated: Stated) -> str:
    return stated.value if isinstance(stated, Known) else f"unknown: {stated.why}"


def _time(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, default=_plain)


def _plain(value: datetime | Record) -> Any:
    return value.model_dump(mode="json") if isinstance(value, Record) else _time(value)
