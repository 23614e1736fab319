"""Cases in the inventory's database: each change is one transaction, and only of the version that was read."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from nhi_components.core.errors import NhiError
from nhi_components.core.links import System
from nhi_components.lifecycle.decommission.case import Case, Decision, Despite, Noted, Stage, Terms
from nhi_components.lifecycle.decommission.ports import Presence, Target
from nhi_components.lifecycle.decommission.records import RemovalRecord
from nhi_components.lifecycle.decommission.tables import case_stages, cases
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.store import Inventory

_ID_BYTES: Final = 6
"""Of chance in an id: an organisation has far fewer than a million cases, so that two are hardly ever alike."""


class Overtaken(NhiError):
    """Somebody else has changed the case since it was read."""


class Cases:
    """The cases of one inventory.

    Args:
        inventory: where they are kept.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def open(
        self, target: Target, decision: Decision, terms: Terms, held: Mapping[str, Any], at: datetime, until: datetime
    ) -> Case:
        """Open a case at the stage `noticed`, or give the one that is open already.

        Args:
            target: which identity.
            decision: who decides, and why.
            terms: how long it takes.
            held: what the identity holds.
            at: when the notice is given.
            until: before that it is not disabled.
        """
        case_id = f"dc-{secrets.token_hex(_ID_BYTES)}"
        values = {
            "id": case_id,
            "version": 1,
            "digest": _digest(target),
            "key": target.key,
            "unique_id": target.unique_id,
            "system": target.system,
            "place": target.place,
            "kind": target.kind,
            "name": target.name,
            "stage": Stage.NOTICED,
            "approver": decision.approver,
            "reason": decision.reason,
            "despite": sorted(decision.despite),
            "opened_at": at,
            "notice_until": until,
            "grace_days": terms.grace_days,
            "marked": False,
            "before": Presence.ALIVE,
            "held": dict(held),
            "removed": [],
            "stopped": "",
        }
        try:
            with self._inventory.writing() as connection:
                connection.execute(insert(cases).values(**values))
                _note(connection, case_id, Noted(1, Stage.NOTICED, at, decision.approver, decision.reason, ""))
        except IntegrityError:
            opened = self.open_for(target)
            if opened is None:
                raise
            return opened
        return self.get(case_id)

    def get(self, case_id: str) -> Case:
        """Read a case by its id."""
        with self._inventory.reading() as connection:
            return _case(connection.execute(select(cases).where(cases.c.id == case_id)).one())

    def open_for(self, target: Target) -> Case | None:
        """Read the open case of an identity; None when there is none."""
        query = select(cases).where((cases.c.digest == _digest(target)) & cases.c.closed_at.is_(None))
        with self._inventory.reading() as connection:
            row = connection.execute(query).one_or_none()
        return _case(row) if row else None

    def of(self, keys: Iterable[str] = (), *, closed: bool = False) -> list[Case]:
        """Read cases, the newest first.

        Args:
            keys: of which identities, by key, unique id, or id of the case; empty for all.
            closed: also those that are closed.
        """
        named = list(keys)
        query = select(cases).order_by(cases.c.opened_at.desc(), cases.c.id)
        if not closed:
            query = query.where(cases.c.closed_at.is_(None))
        if named:
            query = query.where(cases.c.key.in_(named) | cases.c.unique_id.in_(named) | cases.c.id.in_(named))
        with self._inventory.reading() as connection:
            return [_case(row) for row in connection.execute(query)]

    def noted(self, case_id: str, *, untold: bool = False) -> list[Noted]:
        """Read what became of a case, in order; all of it, or what the audit trail is still to be told."""
        query = select(case_stages).where(case_stages.c.case == case_id).order_by(case_stages.c.number)
        if untold:
            query = query.where(case_stages.c.told_at.is_(None))
        with self._inventory.reading() as connection:
            return [
                Noted(row.number, Stage(row.stage), row.at, row.approver, row.reason, row.detail)
                for row in connection.execute(query)
            ]

    def with_untold(self) -> list[Case]:
        """Read the cases, closed ones too, of which the audit trail is still to be told something."""
        untold = select(case_stages.c.case).where(case_stages.c.told_at.is_(None))
        with self._inventory.reading() as connection:
            return [_case(row) for row in connection.execute(select(cases).where(cases.c.id.in_(untold)))]

    def told(self, case_id: str, number: int, at: datetime) -> None:
        """Note that the audit trail was told."""
        where = (case_stages.c.case == case_id) & (case_stages.c.number == number)
        with self._inventory.writing() as connection:
            connection.execute(update(case_stages).where(where).values(told_at=at))

    def move(
        self, case: Case, stage: Stage, at: datetime, by: Decision | None = None, detail: str = "", **values: Any
    ) -> Case:
        """Bring a case to a stage, and note that.

        Args:
            case: as it was read.
            stage: which.
            at: when.
            by: who decided it; whoever opened the case, without one.
            detail: what is to be said of it.
            values: other columns that change with it.

        Raises:
            Overtaken: somebody else has changed it since.
        """
        decided = by or case.decision
        if stage.is_closed:
            values["closed_at"] = at
        with self._inventory.writing() as connection:
            self._change(connection, case, {**values, "stage": stage, "stopped": ""})
            number = _next_number(connection, case.id)
            _note(connection, case.id, Noted(number, stage, at, decided.approver, decided.reason, detail))
            if stage is Stage.REMOVED:
                _mark_gone(connection, case.target, at)
        return self.get(case.id)

    def decide(self, case: Case, by: Decision, at: datetime) -> Case:
        """Note that somebody decides that an open case goes on despite something."""
        despite = case.decision.despite | by.despite
        detail = f"goes on despite {', '.join(sorted(by.despite))}"
        return self.move(case, case.stage, at, by, detail, despite=sorted(despite))

    def keep(self, case: Case, **values: Any) -> Case:
        """Change columns of a case, and leave it at its stage.

        Raises:
            Overtaken: somebody else has changed it since.
        """
        with self._inventory.writing() as connection:
            self._change(connection, case, values)
        return self.get(case.id)

    def close_removed(self, case: Case, record: RemovalRecord, at: datetime, detail: str) -> Case:
        """Close a case whose identity is gone, with its record; the inventory shows it as gone from then on."""
        document = record.model_dump(mode="json")
        return self.move(case, Stage.REMOVED, at, detail=detail, record=document)

    def _change(self, connection: Connection, case: Case, values: Mapping[str, Any]) -> None:
        where = (cases.c.id == case.id) & (cases.c.version == case.version)
        done = connection.execute(update(cases).where(where).values(version=case.version + 1, **values))
        if done.rowcount != 1:
            raise Overtaken(
                f"case {case.id} of {case.target.key}: got another version than the {case.version} that was read, as "
                "somebody else works on it; fix: run the same command again"
            )


def _digest(target: Target) -> str:
    """Name an identity in a few characters, as databases index no long texts."""
    whole = f"{target.key}\0{target.unique_id}"
    return hashlib.blake2b(whole.encode(), digest_size=16).hexdigest()


def _note(connection: Connection, case_id: str, noted: Noted) -> None:
    connection.execute(
        insert(case_stages).values(
            case=case_id,
            number=noted.number,
            stage=noted.stage,
            at=noted.at,
            approver=noted.approver,
            reason=noted.reason,
            detail=noted.detail,
        )
    )


def _next_number(connection: Connection, case_id: str) -> int:
    query = select(func.max(case_stages.c.number)).where(case_stages.c.case == case_id)
    return int(connection.execute(query).scalar_one()) + 1


def _mark_gone(connection: Connection, target: Target, at: datetime) -> None:
    table = tables.identities
    where = (table.c.key == target.key) & (table.c.unique_id == target.unique_id) & table.c.gone_at.is_(None)
    connection.execute(update(table).where(where).values(gone_at=at))


def _case(row: Row[Any]) -> Case:
    decision = Decision(row.approver, row.reason, frozenset(Despite(each) for each in row.despite))
    return Case(
        id=row.id,
        version=row.version,
        target=Target(row.key, row.unique_id, System(row.system), row.place, row.kind, row.name),
        stage=Stage(row.stage),
        decision=decision,
        opened_at=row.opened_at,
        notice_until=row.notice_until,
        notified_at=row.notified_at,
        grace_days=row.grace_days,
        disabled_at=row.disabled_at,
        grace_until=row.grace_until,
        closed_at=row.closed_at,
        marked=row.marked,
        before=Presence(row.before),
        undo=row.undo,
        held=row.held,
        removed=tuple(row.removed),
        stopped=row.stopped,
        record=row.record,
    )
