"""Decommissioning: a case goes from the notice over the disable and the grace to the delete, or back.

Each step looks first, keeps in the inventory what it is about to do, does it, looks again, and only then notes that it
is done. So whoever is killed leaves a case that the next run goes on with, and every step may come twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from tenacity import RetryError, Retrying, retry_if_result, stop_after_attempt, wait_exponential

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.decommission.case import Case, Decision, Despite, Stage, Terms
from nhi_components.lifecycle.decommission.cases import Cases
from nhi_components.lifecycle.decommission.judging import (
    against_beginning,
    against_deleting,
    against_disabling,
    against_mark,
)
from nhi_components.lifecycle.decommission.known import Known
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Removed, Retirement, Standing, Target
from nhi_components.lifecycle.decommission.records import Record, StageEvent, record_in, record_of
from nhi_components.lifecycle.decommission.result import Outcome, Result

_LOOKS: Final = 8
_LONGEST_PAUSE: Final = 10
"""Seconds; with the looks about 35 s in all: IAM's changes were seen after 3-4 s (residue.md), others' are sooner."""

_BEGUN: Final = "the delete was begun, and has not ended"
_INTERRUPTED: Final = "a run was stopped in the middle of the delete, so that not all that went may be named"

Notify = Callable[[Case], Sequence[str]]
"""Tells the hooks of a case, and gives what went wrong; empty when all were told."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What decommissioning works with.

    Attributes:
        retirement: gives the retirement for the place where an identity lives.
        known: tells what the inventory knows of an identity.
        turn: keeps everybody else from an identity meanwhile.
        clock: tells the time.
        record: tells the audit trail.
        notify: tells the hooks; None when there are none.
        sleep: waits between two looks.
    """

    retirement: Callable[[Target], Retirement]
    known: Callable[[Target], Known | None]
    turn: Callable[[Target], AbstractContextManager[None]]
    clock: Clock
    record: Record
    notify: Notify | None = None
    sleep: Callable[[float], None] = time.sleep


class Decommissioning:
    """Brings cases forward, and back.

    Args:
        cases: where they are kept.
        tools: see there.
    """

    def __init__(self, cases: Cases, tools: Tools) -> None:
        self._cases = cases
        self._tools = tools

    def begin(self, known: Known, decision: Decision, terms: Terms) -> Result:
        """Open the case of an identity and bring it as far as it may go now; one that is open already goes on.

        Raises:
            NhiError: a system can't be reached, or refuses something; the same call goes on later.
        """
        target = known.target
        with self._tools.turn(target):
            case = self._cases.open_for(target)
            if case is None:
                standing = self._look(target)
                refused = self._refused(known, standing, decision)
                if refused is not None:
                    return refused
                now = self._tools.clock()
                until = now + timedelta(days=terms.notice_days)
                case = self._cases.open(target, decision, terms, known.held, now, until)
            elif decision.despite - case.decision.despite:
                case = self._cases.decide(case, decision, self._tools.clock())
            return self._go_on(case)

    def go_on(self, case: Case) -> Result:
        """Bring an open case as far as it may go now.

        Raises:
            NhiError: likewise.
        """
        with self._tools.turn(case.target):
            return self._go_on(self._cases.get(case.id))

    def restore(self, case: Case, decision: Decision) -> Result:
        """Give back what a disable took, and close the case.

        Raises:
            NhiError: the identity is being deleted, or gone; or as above.
        """
        with self._tools.turn(case.target):
            case = self._cases.get(case.id)
            if case.stage is Stage.DELETING or case.stage is Stage.REMOVED:
                raise NhiError(
                    f"{case.target.key}: case {case.id} is {case.stage}, expected one before the delete, which nothing "
                    "takes back; fix: see the removal record for what its system can still recover"
                )
            if not case.stage.is_closed and case.stage is not Stage.RESTORING:
                case = self._cases.move(case, Stage.RESTORING, self._tools.clock(), decision)
            return self._go_on(case)

    def plan(self, known: Known, case: Case | None, decision: Decision, terms: Terms, now: datetime) -> Result:
        """Tell what a run at some time would do; changes nothing.

        Args:
            known: what the inventory knows of the identity.
            case: its open case; None when there is none.
            decision: what a person would decide.
            terms: how long a new case would take.
            now: the time.
        """
        target, standing = known.target, self._look(known.target)
        if case is None:
            refused = self._refused(known, standing, decision)
            if refused is not None:
                return refused
            until = now + timedelta(days=terms.notice_days)
            return self._planned_disable(target, None, until, terms.grace_days, now, decision.despite)
        case = replace(case, decision=replace(case.decision, despite=case.decision.despite | decision.despite))
        if case.stage is Stage.NOTICED:
            against = [*against_mark(standing, case.id), *against_disabling(case, known, standing)]
            if against:
                return Result(target, Outcome.REFUSED, case, "; ".join(against))
            despite = case.decision.despite
            return self._planned_disable(target, case, case.notice_until, case.grace_days, now, despite)
        if case.stage is Stage.DISABLED:
            until = case.grace_until or now
            if against := against_deleting(case, known, standing):
                return Result(target, Outcome.STOPPED, case, "; ".join(against), until)
            when = "would be deleted now" if until <= now else f"would be deleted from {until:%Y-%m-%d} on"
            return Result(target, Outcome.PLANNED, case, when, until)
        return Result(target, Outcome.PLANNED, case, f"{case.stage} was interrupted, and would go on now")

    def plan_restore(self, case: Case) -> Result:
        """Tell what a restore would do; changes nothing."""
        standing = self._look(case.target)
        if case.stage is Stage.DELETING or standing.presence in (Presence.GONE, Presence.OTHER):
            return Result(case.target, Outcome.REFUSED, case, "it is being deleted, or gone; nothing takes that back")
        return Result(case.target, Outcome.PLANNED, case, "would be given back what the disable took")

    def tell(self) -> None:
        """Tell the audit trail what a killed run has not told it."""
        for case in self._cases.with_untold():
            self._deliver(case)

    def _planned_disable(
        self, target: Target, case: Case | None, until: datetime, days: int, now: datetime, despite: frozenset[Despite]
    ) -> Result:
        if until > now:
            return Result(target, Outcome.PLANNED, case, f"would be disabled from {until:%Y-%m-%d} on", until)
        try:
            self._tools.retirement(target).undo_of(target)
        except CannotDisable as problem:
            if Despite.NOT_DISABLED not in despite:
                return Result(target, Outcome.STOPPED, case, str(problem))
            told = f"would not be disabled, and deleted from {now + timedelta(days=days):%Y-%m-%d} on"
            return Result(target, Outcome.PLANNED, case, told, now)
        told = f"would be disabled now, and deleted from {now + timedelta(days=days):%Y-%m-%d} on"
        return Result(target, Outcome.PLANNED, case, told, now)

    def _refused(self, known: Known, standing: Standing, decision: Decision) -> Result | None:
        target = known.target
        if standing.presence is Presence.GONE:
            return Result(target, Outcome.GONE, None, "it is gone")
        if standing.presence is Presence.OTHER:
            told = "another one stands at its key by now; run `nhi discover`, and decide on that one"
            return Result(target, Outcome.REFUSED, None, told)
        against = [*against_beginning(known, standing, decision.despite), *against_mark(standing, "")]
        return Result(target, Outcome.REFUSED, None, "; ".join(against)) if against else None

    def _look(self, target: Target) -> Standing:
        return self._tools.retirement(target).look(target)

    def _go_on(self, case: Case) -> Result:
        steps: Mapping[Stage, Callable[[Case], Case | Result]] = {
            Stage.NOTICED: self._noticed,
            Stage.DISABLING: self._disabling,
            Stage.DISABLED: self._disabled,
            Stage.DELETING: self._deleting,
            Stage.RESTORING: self._restoring,
        }
        while True:
            self._deliver(case)
            if case.stage.is_closed:
                return self._closed(case)
            reached = steps[case.stage](case)
            if isinstance(reached, Result):
                return reached
            case = reached

    def _noticed(self, case: Case) -> Case | Result:
        target, retirement = case.target, self._tools.retirement(case.target)
        standing = retirement.look(target)
        if standing.presence in (Presence.GONE, Presence.OTHER):
            return self._found_gone(case)
        if against := against_mark(standing, case.id):
            return self._refuse(case, against, marked=False)
        if not standing.case:
            case = self._marked(case, retirement.mark(target, case.id, Stage.NOTICED))
        if case.notified_at is None and self._tools.notify is not None:
            if problems := self._tools.notify(case):
                return self._stop(case, [f"the notice was not delivered: {'; '.join(problems)}"])
            told_at = self._tools.clock()
            until = told_at + (case.notice_until - case.opened_at)
            case = self._cases.keep(case, notified_at=told_at, notice_until=until, stopped="")
        if against := against_disabling(case, self._tools.known(target), standing):
            return self._refuse(case, against, marked=True)
        now = self._tools.clock()
        if now < case.notice_until:
            return Result(target, Outcome.NOTICED, case, "its notice runs", case.notice_until)
        try:
            undo = dict(retirement.undo_of(target))
        except CannotDisable as problem:
            if Despite.NOT_DISABLED not in case.decision.despite:
                told = f"{problem}; --even-if-not-disabled waits for the grace and deletes it"
                return self._stop(case, [told])
            return self._begin_grace(case, f"not disabled: {problem}")
        return self._cases.move(case, Stage.DISABLING, now, undo=undo, before=standing.presence)

    def _disabling(self, case: Case) -> Case | Result:
        target, retirement = case.target, self._tools.retirement(case.target)
        if self._is_gone(retirement.look(target)):
            return self._found_gone(case)
        case = self._marked(case, retirement.mark(target, case.id, Stage.DISABLING))
        retirement.disable(target, case.undo or {})
        self._await(case, Presence.DISABLED)
        return self._begin_grace(case, "")

    def _begin_grace(self, case: Case, detail: str) -> Case:
        marked = self._tools.retirement(case.target).mark(case.target, case.id, Stage.DISABLED)
        case = self._marked(case, marked)
        now = self._tools.clock()
        until = now + timedelta(days=case.grace_days)
        return self._cases.move(case, Stage.DISABLED, now, detail=detail, disabled_at=now, grace_until=until)

    def _disabled(self, case: Case) -> Case | Result:
        now, target = self._tools.clock(), case.target
        if case.grace_until is None or now < case.grace_until:
            return Result(target, Outcome.DISABLED, case, "its grace runs", case.grace_until)
        standing = self._look(target)
        if self._is_gone(standing):
            return self._found_gone(case)
        if against := against_deleting(case, self._tools.known(target), standing):
            return self._stop(case, against)
        return self._cases.move(case, Stage.DELETING, now)

    def _deleting(self, case: Case) -> Case:
        target, retirement = case.target, self._tools.retirement(case.target)
        interrupted = bool(case.stopped)
        if not self._is_gone(retirement.look(target)):
            retirement.mark(target, case.id, Stage.DELETING)
            if not interrupted:
                case = self._cases.keep(case, stopped=_BEGUN)
            case = self._with_removed(case, retirement.delete(target))
            self._await(case, Presence.GONE, Presence.OTHER)
        return self._close_removed(case, _INTERRUPTED if interrupted else "")

    def _restoring(self, case: Case) -> Case | Result:
        target, retirement = case.target, self._tools.retirement(case.target)
        if self._is_gone(retirement.look(target)):
            return self._found_gone(case)
        if case.undo is not None:
            retirement.restore(target, case.undo)
            self._await(case, case.before)
        retirement.mark(target, "", "")
        # Whoever decided to restore it stands at the stage that began with that.
        restoring = [each for each in self._cases.noted(case.id) if each.stage is Stage.RESTORING][-1]
        by = Decision(restoring.approver, restoring.reason)
        return self._cases.move(case, Stage.RESTORED, self._tools.clock(), by)

    def _await(self, case: Case, *wanted: Presence) -> None:
        """Look until the identity stands as wanted, for as long as its system may take.

        Raises:
            NhiError: it does not.
        """
        retrying = Retrying(
            retry=retry_if_result(lambda presence: presence not in wanted),
            stop=stop_after_attempt(_LOOKS),
            wait=wait_exponential(multiplier=0.5, max=_LONGEST_PAUSE),
            sleep=self._tools.sleep,
        )
        try:
            retrying(lambda: self._look(case.target).presence)
        except RetryError as error:
            got = error.last_attempt.result()
            raise NhiError(
                f"{case.target.key}: is {got} after {case.stage}, expected {wanted[0]}; fix: see what keeps it so at "
                f"its system, and run the same command again; it goes on with case {case.id}"
            ) from None

    def _found_gone(self, case: Case) -> Case:
        return self._close_removed(case, f"somebody else had removed it when it was {case.stage}")

    def _close_removed(self, case: Case, detail: str) -> Case:
        now = self._tools.clock()
        record = record_of(case, self._cases.noted(case.id), now, detail)
        return self._cases.close_removed(case, record, now, detail)

    def _with_removed(self, case: Case, removed: Sequence[Removed]) -> Case:
        """Keep what went, with what an earlier run that was killed has kept."""
        told = [_document(each) for each in removed]
        fresh = [each for each in told if each not in case.removed]
        return self._cases.keep(case, removed=[*case.removed, *fresh]) if fresh else case

    def _refuse(self, case: Case, against: Sequence[str], *, marked: bool) -> Case:
        if marked:
            self._tools.retirement(case.target).mark(case.target, "", "")
        return self._cases.move(case, Stage.REFUSED, self._tools.clock(), detail="; ".join(against))

    def _stop(self, case: Case, against: Sequence[str]) -> Result:
        told = "; ".join(against)
        if told != case.stopped:
            case = self._cases.keep(case, stopped=told)
        return Result(case.target, Outcome.STOPPED, case, told, case.due_at)

    def _marked(self, case: Case, marked: bool) -> Case:
        return case if marked == case.marked else self._cases.keep(case, marked=marked)

    def _is_gone(self, standing: Standing) -> bool:
        """Whether it is gone, also when another stands in its place: that one is never touched."""
        return standing.presence in (Presence.GONE, Presence.OTHER)

    def _closed(self, case: Case) -> Result:
        detail = self._cases.noted(case.id)[-1].detail
        outcomes = {Stage.REMOVED: Outcome.REMOVED, Stage.RESTORED: Outcome.RESTORED, Stage.REFUSED: Outcome.REFUSED}
        return Result(case.target, outcomes[case.stage], case, detail)

    def _deliver(self, case: Case) -> None:
        """Tell the audit trail what it has not been told, in order."""
        for noted in self._cases.noted(case.id, untold=True):
            record = record_in(case.record) if noted.stage is Stage.REMOVED else None
            self._tools.record(StageEvent(f"{case.id}/{noted.number}", case, noted, record))
            self._cases.told(case.id, noted.number, self._tools.clock())


def _document(removed: Removed) -> dict[str, Any]:
    until = removed.recoverable_until
    return {
        "kind": removed.kind,
        "name": removed.name,
        "recoverable_until": until.isoformat() if until else None,
    }
