"""Between what a removal showed and what evidence says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from nhi_components.core.ledger import LedgerEntry
from nhi_components.core.links import Fact, Link, NeverCreated, NotChecked, RemovalFacts
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.cutting_off import CutOffOutcome, LinkKey
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
    CallerRecord,
    FactRecord,
    LeaseRecord,
    LinkRecord,
    NeverMade,
    Unchecked,
    stated,
)
from nhi_components.lifecycle.ports import Caller, CutOff, Sighting
from nhi_components.lifecycle.residue import figure_of
from nhi_components.lifecycle.teardown import CANARY_WORKS, Removal

_KEPT_ATTRIBUTES = ("account", "mount", "role")
_CANARY_LOST = "the canary was lost with the process that had opened it"
_NOT_STATED = "stated neither in nhi:approval nor in the environment (NHI_APPROVER, NHI_REASON)"


@dataclass(frozen=True, slots=True)
class Account:
    """What every statement about one lease tells: its terms, who decided, with whose access it was done.

    Attributes:
        tags: the lease's terms.
        issued: the UTC day on which it began.
        approver: who approved; None when nobody said.
        reason: why; None when nobody said.
        callers: whom the connections spoke for.
    """

    tags: LeaseTags
    issued: date
    approver: str | None
    reason: str | None
    callers: Sequence[Caller]


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


def cut_off_record(account: Account, outcome: CutOffOutcome, links: Sequence[Link]) -> CutOffRecord:
    """Say what cutting a lease off did."""
    rows = [row for cut_off in outcome.cut_offs for row in CutOffRow.of(_plain(cut_off))]
    linked = tuple(_record(link) for link in links)
    return CutOffRecord(**_common(account), started=outcome.started_at, rows=tuple(rows), linked=linked)


def teardown_record(
    account: Account, waiting: Waiting, removal: Removal, facts: Sequence[RemovalFacts], ledger: Sequence[LedgerEntry]
) -> TeardownRecord:
    """Say that everything is confirmed gone."""
    return TeardownRecord(
        **_common(account),
        **_course(waiting, removal, facts),
        namesakes=tuple(_record(sighting.link) for sighting in removal.namesakes.values() if sighting.link.unique_id),
        ledger=tuple(_record(entry.link) for entry in ledger),
        removals=tuple(ConfirmedRow.of(_without_secrets(row)) for row in facts),
    )


def incomplete_record(
    account: Account, waiting: Waiting, removal: Removal, facts: Sequence[RemovalFacts], ledger: Sequence[LedgerEntry]
) -> IncompleteRecord:
    """Say that the deadline passed, and what is not confirmed gone."""
    return IncompleteRecord(
        **_common(account),
        **_course(waiting, removal, facts),
        deadline=waiting.started + waiting.patience,
        alive=tuple(_alive_rows(waiting, removal, facts)),
        ledger=tuple(_record(entry.link) for entry in ledger),
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


def _common(account: Account) -> dict[str, object]:
    tags = account.tags
    lease = LeaseRecord(
        lease_id=tags.lease,
        identity=tags.identity,
        environment=tags.environment,
        owner=tags.owner,
        stack=tags.stack,
        purpose=tags.purpose,
        issued=account.issued,
        ends=tags.ends,
    )
    return {
        "lease": lease,
        "approver": stated(account.approver, _NOT_STATED),
        "reason": stated(account.reason, _NOT_STATED),
        "callers": tuple(CallerRecord.of(caller) for caller in account.callers),
    }


def _course(waiting: Waiting, removal: Removal, facts: Sequence[RemovalFacts]) -> dict[str, object]:
    operation = Operation(started=waiting.started, ended=waiting.ended, seconds=waiting.seconds)
    swept = tuple(
        SweptRow(link=_record(link), swept_at=removal.swept_at[key], detail=None) for key, link in removal.swept.items()
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
            yield AliveRow(link=_record(row.link), where=where, since=since, detail=detail or None)


def _record(link: Link) -> LinkRecord:
    return LinkRecord.of(_slim(link))


def _slim(link: Link) -> Link:
    kept = {name: value for name, value in link.attributes.items() if name in _KEPT_ATTRIBUTES}
    return replace(link, attributes=kept)


def _plain(cut_off: CutOff) -> CutOff:
    return replace(cut_off, link=_slim(cut_off.link), extras=tuple(_slim(extra) for extra in cut_off.extras))


def _without_secrets(row: RemovalFacts) -> RemovalFacts:
    return replace(row, link=_slim(row.link))


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
