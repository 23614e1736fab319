"""Gathering what a report tells out of the inventory and the evidence store: each table is read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Table, func, select

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.inventory.owning import Presence
from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundGrant,
    FoundStep,
    Guard,
    Use,
)
from nhi_components.core.inventory.verdicts import Judged, Verdict
from nhi_components.core.links import System
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.details import Change
from nhi_components.lifecycle.inventory.latest import last_scan
from nhi_components.lifecycle.inventory.reading import Chosen, Listed, listed
from nhi_components.lifecycle.inventory.store import Inventory
from nhi_components.lifecycle.reporting.becoming import becoming, nothing_is_wrong
from nhi_components.lifecycle.reporting.content import Content, Judgement, Reported, Stood
from nhi_components.lifecycle.reporting.evidence import evidence_of
from nhi_components.lifecycle.verdicts import readings
from nhi_components.lifecycle.verdicts.settings import VerdictSettings
from nhi_components.lifecycle.verdicts.tables import verdicts

Whose = tuple[str, str]
"""Key and unique id of an identity."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of all identities, by their keys, or by whose it is."""

    at: Mapping[int, datetime]
    first: Mapping[Whose, int]
    ended: Mapping[int, datetime | None]
    verdicts: Mapping[Whose, list[Stood]]
    credentials: Mapping[str, list[FoundCredential]]
    ways_in: Mapping[str, list[FoundStep]]
    dependents: Mapping[str, list[FoundDependent]]
    changes: Mapping[Whose, list[Change]]


def gather(inventory: Inventory, store: DirectoryStore, settings: VerdictSettings) -> Content:
    """Gather all that a report tells.

    Args:
        inventory: what scans have found, with verdicts that `nhi verdicts` has kept.
        store: of evidence.
        settings: what the team sets; from when on something is old.

    Raises:
        SpecError: nothing was scanned yet, or what was scanned was not judged yet.
        EvidenceError: the evidence cannot be read at all.
    """
    scan = last_scan(inventory)
    evidence = evidence_of(store)
    with inventory.reading() as connection:
        judged_at = _judged_at(connection)
        scanned_at = _scanned_at(connection)
    if scanned_at is None:
        raise _nothing("no scan", "run `nhi discover`, then `nhi verdicts`")
    if judged_at is None:
        if not nothing_is_wrong(inventory, settings, scanned_at):
            raise _nothing("identities that were not judged", "run `nhi verdicts` first")
        judged_at = scanned_at
    as_of = max(judged_at, scanned_at, *(each.at for each in evidence.statements))
    with inventory.reading() as connection:
        found = _found(connection)
        carriers = _by(connection, tables.carriers, "identity", _carrier)
        grants = _by(connection, tables.grants, "holder", _grant)
        directories = bool(connection.execute(select(func.count()).select_from(tables.people)).scalar_one())
    identities = tuple(_reported(each, found, judged_at) for each in _each_once(inventory))
    return Content(
        as_of=as_of,
        scan=scan,
        scanned_at=scanned_at,
        judged_at=judged_at,
        identities=identities,
        carriers={holder: tuple(dict.fromkeys(each)) for holder, each in sorted(carriers.items())},
        grants={holder: tuple(dict.fromkeys(each)) for holder, each in sorted(grants.items())},
        becoming=becoming(inventory, as_of),
        evidence=evidence,
        checked=_checked(identities, settings, directories=directories),
        unused_days=tuple(sorted(settings.unused)),
        old_credential_days=tuple(sorted(settings.old_credential)),
    )


def _nothing(got: str, fix: str) -> SpecError:
    return SpecError("nhi report", [Problem("inventory", got, "identities with their verdicts", fix)])


def _judged_at(connection: Connection) -> datetime | None:
    """Tell when verdicts were judged last; None when there never was one."""
    newest = [func.max(verdicts.c[name]) for name in ("judged_at", "cleared_at")]
    told = connection.execute(select(*newest)).one()
    return max((each for each in told if each is not None), default=None)


def _scanned_at(connection: Connection) -> datetime | None:
    """Tell when the newest scan, also a partial one, was at work last."""
    newest = [func.max(tables.scans.c[name]) for name in ("started_at", "ended_at")]
    told = connection.execute(select(*newest)).one()
    return max((each for each in told if each is not None), default=None)


def _each_once(inventory: Inventory) -> Iterator[Listed]:
    """Yield each identity once, though several sections tell of it; one that is still there comes before its past."""
    once: dict[Whose, Listed] = {}
    for each in listed(inventory, Chosen(gone=True)):
        known = once.setdefault((each.key, each.unique_id), each)
        if known.gone_at is not None and each.gone_at is None:
            once[each.key, each.unique_id] = each
    yield from sorted(once.values(), key=lambda each: (each.system, each.place, each.name, each.key, each.unique_id))


def _reported(each: Listed, found: _Found, judged_at: datetime) -> Reported:
    whose = (each.key, each.unique_id)
    first = found.first[whose]
    told = found.verdicts.get(whose, [])
    ended = found.ended[first]
    was_there = bool(told) or (ended is not None and ended <= judged_at)
    judgement = Judgement.JUDGED if was_there else Judgement.FOUND_LATER
    if each.guard == Guard.SERVICE_LINKED:
        judgement = Judgement.OF_A_SERVICE
    if each.gone_at is not None:
        judgement = Judgement.GONE
    return Reported(
        listed=each,
        found_at=found.at[first],
        judgement=judgement,
        verdicts=tuple(sorted(told, key=_weight)),
        credentials=tuple(found.credentials.get(each.key, ())),
        ways_in=tuple(found.ways_in.get(each.key, ())),
        dependents=tuple(found.dependents.get(each.key, ())),
        changes=tuple(found.changes.get(whose, ())),
    )


def _weight(stood: Stood) -> tuple[bool, int, str, str]:
    judged = stood.judged
    return stood.cleared_at is not None, -judged.points, judged.verdict, judged.degree


def _checked(
    identities: tuple[Reported, ...], settings: VerdictSettings, *, directories: bool
) -> Mapping[Verdict, int]:
    """Count of how many identities enough is known to tell each verdict; one that has it counts in any case."""
    judged = [each for each in identities if each.judgement is Judgement.JUDGED]
    read = {system for system in System if find_spec(f"{readings.__name__}.{system}")}
    parted = {system for conflict in settings.conflicts.values() for system in conflict.one}

    def is_known(each: Reported, verdict: Verdict) -> bool:
        match verdict:
            case Verdict.UNUSED:
                return each.listed.use.watched_since is not None
            case Verdict.ORPHANED:
                return directories and any(own.presence is not Presence.UNKNOWN for own in each.listed.owned_by)
            case Verdict.OLD_CREDENTIAL:
                return all(key.created_at is not None for key in each.credentials if not key.disabled)
            case Verdict.OVER_PRIVILEGED | Verdict.PATH_TO_ADMIN:
                return each.listed.system in read
            case Verdict.MIXED_DUTIES:
                return each.listed.system in parted
            case _:
                return True

    def has_it(each: Reported, verdict: Verdict) -> bool:
        return any(stood.judged.verdict is verdict for stood in each.standing)

    return {verdict: sum(has_it(each, verdict) or is_known(each, verdict) for each in judged) for verdict in Verdict}


def _found(connection: Connection) -> _Found:
    scans = list(connection.execute(select(tables.scans)))
    at = {row.id: row.started_at for row in scans}
    own = tables.identities
    firsts = select(own.c.key, own.c.unique_id, func.min(own.c.first_scan).label("scan"))
    first = {
        (row.key, row.unique_id): row.scan for row in connection.execute(firsts.group_by(own.c.key, own.c.unique_id))
    }
    stood: dict[Whose, list[Stood]] = defaultdict(list)
    for row in connection.execute(select(verdicts).order_by(verdicts.c.row)):
        stood[row.key, row.unique_id].append(_stood(row))
    changes: dict[Whose, list[Change]] = defaultdict(list)
    table = tables.changes
    for row in connection.execute(select(table).order_by(table.c.scan, table.c.field)):
        changes[row.key, row.unique_id].append(Change(at[row.scan], row.field, row.before, row.after))
    dependents = _by(connection, tables.dependents, "identity", _dependent)
    return _Found(
        at=at,
        first=first,
        ended={row.id: row.ended_at for row in scans},
        verdicts=stood,
        credentials=_by(connection, tables.credentials, "identity", _credential),
        ways_in=_by(connection, tables.steps, "target", _way_in),
        dependents={key: sorted(set(each), key=lambda one: (one.kind, one.name)) for key, each in dependents.items()},
        changes=changes,
    )


def _by(connection: Connection, table: Table, about: str, make: Callable[[Row[Any]], _T]) -> dict[str, list[_T]]:
    """Read what is still there of a table, by what it is about."""
    found: dict[str, list[_T]] = defaultdict(list)
    for row in connection.execute(select(table).where(table.c.gone_at.is_(None)).order_by(table.c.row)):
        found[getattr(row, about)].append(make(row))
    return found


def _stood(row: Row[Any]) -> Stood:
    judged = Judged(row.key, row.unique_id, Verdict(row.verdict), row.degree, row.reason, row.points)
    return Stood(judged, row.since, row.cleared_at)


def _credential(row: Row[Any]) -> FoundCredential:
    use = Use(row.used_at, row.watched_since, row.use_as_of)
    return FoundCredential(row.identity, row.kind, row.id, row.created_at, row.expires_at, row.disabled, use)


def _way_in(row: Row[Any]) -> FoundStep:
    return FoundStep(row.source_key, row.target, row.how, row.condition)


def _dependent(row: Row[Any]) -> FoundDependent:
    return FoundDependent(row.identity, row.kind, row.name)


def _carrier(row: Row[Any]) -> FoundCarrier:
    return FoundCarrier(row.identity, row.carrier, row.kind)


def _grant(row: Row[Any]) -> FoundGrant:
    return FoundGrant(row.holder, row.privilege, row.target, row.denied, row.condition, row.via)
