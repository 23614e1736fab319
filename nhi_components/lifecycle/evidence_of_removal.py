"""Between what a removal showed and what evidence says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from nhi_components.core.ledger import LedgerEntry
from nhi_components.core.links import Fact, Link, NeverCreated, NotChecked, RemovalFacts
from nhi_components.lifecycle.account import Account, common, recorded, slim
from nhi_components.lifecycle.cutting_off import CanaryResult, CutOffOutcome, LinkKey
from nhi_components.lifecycle.evidence.contents import (
    AliveRow,
    ConfirmedRow,
    CutOffRecord,
    CutOffRow,
    IncompleteRecord,
    Operation,
    RemovalRow,
    SweptRow,
    TeardownRecord,
    UnseenRow,
    WaitedFigure,
)
from nhi_components.lifecycle.evidence.parts import (
    At,
    FactRecord,
    NeverMade,
    Unchecked,
)
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.lifecycle.latency import Latency, latencies
from nhi_components.lifecycle.ports import CutOff, Sighting
from nhi_components.lifecycle.residue import figure_of
from nhi_components.lifecycle.teardown import CANARY_WORKS, Removal

_CANARY_LOST = "the canary was lost with the process that had opened it"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long closing a lease took.

    Attributes:
        started: when it began.
        ended: when it ended.
        seconds: the same, by a clock that cannot be set.
        patience: how long it would have waited.
    """

    started: datetime
    ended: datetime
    seconds: float
    patience: timedelta


@dataclass(frozen=True, slots=True)
class Ending:
    """What closing a lease showed.

    Attributes:
        waiting: how long it took.
        removal: what the surveys saw.
        facts: the five facts of each linked resource.
        ledger: everything that was ever linked, as the lease remembers it.
        measured: how fast access ended, for each system and connection.
    """

    waiting: Waiting
    removal: Removal
    facts: Sequence[RemovalFacts]
    ledger: Sequence[LedgerEntry]
    measured: Sequence[Latency]


def cut_off_record(
    account: Account, outcome: CutOffOutcome, links: Sequence[Link], measured: Sequence[Latency]
) -> CutOffRecord:
    """Say what cutting a lease off did, and how fast it was."""
    rows = [row for cut_off in outcome.cut_offs for row in CutOffRow.of(_plain(cut_off))]
    linked = tuple(recorded(link) for link in links)
    return CutOffRecord(**common(account, measured), started=outcome.started_at, rows=tuple(rows), linked=linked)


def teardown_record(account: Account, ending: Ending) -> TeardownRecord:
    """Say that everything is confirmed gone."""
    removal, facts, ledger = ending.removal, ending.facts, ending.ledger
    return TeardownRecord(
        **common(account, ending.measured),
        **_course(ending.waiting, removal, facts),
        namesakes=tuple(recorded(sighting.link) for sighting in removal.namesakes.values() if sighting.link.unique_id),
        ledger=tuple(recorded(entry.link) for entry in ledger),
        removals=tuple(ConfirmedRow.of(_without_secrets(row)) for row in facts),
    )


def incomplete_record(account: Account, ending: Ending) -> IncompleteRecord:
    """Say that the deadline passed, and what is not confirmed gone."""
    waiting, removal, facts, ledger = ending.waiting, ending.removal, ending.facts, ending.ledger
    return IncompleteRecord(
        **common(account, ending.measured),
        **_course(waiting, removal, facts),
        deadline=waiting.started + waiting.patience,
        alive=tuple(_alive_rows(waiting, removal, facts)),
        ledger=tuple(recorded(entry.link) for entry in ledger),
        removals=tuple(RemovalRow.of(_without_secrets(row)) for row in facts),
    )


def outcome_of(record: CutOffRecord) -> CutOffOutcome:
    """Read back what an earlier process cut off; its canaries are lost."""
    rows = [row for row in record.rows if not row.found_out_of_band]
    extras = tuple(row.link.to_link() for row in record.rows if row.found_out_of_band)
    cut_offs = [
        CutOff(
            link=row.link.to_link(),
            disabled_at=_fact(row.disabled_at),
            sessions_refused_at=_fact(row.sessions_refused_at),
            extras=extras if row is rows[0] else (),
            without_canary=row.without_canary or (_CANARY_LOST if row.canary_opened_at else ""),
        )
        for row in rows
    ]
    return CutOffOutcome(record.started, tuple(cut_offs), {}, ())


def nothing_cut_off(started: datetime) -> CutOffOutcome:
    """What is known of a lease that no seal had admitted, so that nothing was cut off before it was removed."""
    return CutOffOutcome(started, (), {}, ())


def measured_latencies(
    recorder: EvidenceRecorder,
    lease_id: str,
    links: Sequence[Link],
    outcome: CutOffOutcome,
    canaries: Mapping[LinkKey, CanaryResult],
) -> list[Latency]:
    """Measure from the first cut-off of this teardown, in whichever process that was."""
    under_way = recorder.cut_offs_under_way(lease_id)
    earlier = [latency for record in under_way for row in record.revocations if (latency := row.measured)]
    started = min([outcome.started_at, *(record.started for record in under_way)])
    return latencies(links, outcome, _first_refusals(outcome, canaries), started=started, earlier=earlier)


def _first_refusals(outcome: CutOffOutcome, newest: Mapping[LinkKey, CanaryResult]) -> Mapping[LinkKey, CanaryResult]:
    refused = {key: result for key, result in outcome.canaries.items() if isinstance(result.refused_at, datetime)}
    return {**newest, **refused}


def _course(waiting: Waiting, removal: Removal, facts: Sequence[RemovalFacts]) -> dict[str, Any]:
    operation = Operation(started=waiting.started, ended=waiting.ended, seconds=waiting.seconds)
    swept = tuple(
        SweptRow(link=recorded(link), swept_at=removal.swept_at[key], detail=None)
        for key, link in removal.swept.items()
    )
    figures = dict.fromkeys(figure_of(row.link.kind) for row in facts)
    waited = tuple(
        WaitedFigure(
            system=figure.system,
            figure=figure.id,
            documented_seconds=figure.documented.total_seconds() if figure.documented else None,
            deadline_seconds=waiting.patience.total_seconds(),
            waited_seconds=waiting.seconds,
            source=figure.source,
        )
        for figure in figures
    )
    unseen = tuple(
        UnseenRow(system=spot.system, connection=spot.connection, kind=spot.kind, reason=spot.reason.reason)
        for spot in removal.blind_spots.values()
    )
    return {"operation": operation, "swept": swept, "unseen": unseen, "waited": waited}


def _alive_rows(waiting: Waiting, removal: Removal, facts: Sequence[RemovalFacts]) -> Iterable[AliveRow]:
    alive: Mapping[LinkKey, Sighting] = {sighting.link.key: sighting for sighting in removal.alive}
    for row in facts:
        key = row.link.key
        unconfirmed = row.absent_at if isinstance(row.absent_at, NotChecked) else None
        working = CANARY_WORKS if row.refused_at == CANARY_WORKS else None
        if key in alive or unconfirmed or working:
            known = [alive[key].detail] if key in alive and alive[key].detail else []
            detail = "; ".join([*known, *removal.failures]) or (working or unconfirmed or NotChecked("")).reason
            since = removal.alive_since.get(key, waiting.started)
            where = f"{row.link.system}, connection {row.link.connection}"
            yield AliveRow(link=recorded(row.link), where=where, since=since, detail=detail or None)


def _plain(cut_off: CutOff) -> CutOff:
    return replace(cut_off, link=slim(cut_off.link), extras=tuple(slim(extra) for extra in cut_off.extras))


def _without_secrets(row: RemovalFacts) -> RemovalFacts:
    return replace(row, link=slim(row.link))


def _fact(record: FactRecord) -> Fact:
    match record:
        case At(time=time):
            return time
        case Unchecked(reason=reason):
            return NotChecked(reason)
        case NeverMade():
            return NeverCreated()
        case _:
            return None
