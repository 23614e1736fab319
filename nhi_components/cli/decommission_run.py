"""One run of `nhi decommission` over its identities; what one fails in does not keep it from the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from nhi_components.cli.decommission_tools import identities_named, open_decommissioning
from nhi_components.cli.life import written
from nhi_components.core.deciding import Action, Wish
from nhi_components.core.errors import NhiError
from nhi_components.core.life import State
from nhi_components.lifecycle.decommission.case import Case, Decision, Despite, Terms
from nhi_components.lifecycle.decommission.cases import Cases
from nhi_components.lifecycle.decommission.grace import grace_days_of
from nhi_components.lifecycle.decommission.known import Known, known_of
from nhi_components.lifecycle.decommission.managing import Foreign, Managed, commands_for, manager_of, removal_of
from nhi_components.lifecycle.decommission.ports import Target
from nhi_components.lifecycle.decommission.result import Outcome, Result
from nhi_components.lifecycle.inventory.store import Inventory
from nhi_components.provider.engine import Engine
from nhi_components.provider.life_configuration import LifeConfiguration
from nhi_components.provider.settings import Settings
from nhi_components.templates import templates_in_force

_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks for.

    Attributes:
        decision: who, why, and despite what.
        notice_days: from the notice until it is disabled.
        grace_days: from then until it is deleted; None for those of its kind's template.
        out_of_band: also what another program has made.
        dry_run: whether to change nothing.
        now: the time, or a later one that a dry run looks ahead to.
    """

    decision: Decision
    notice_days: int
    grace_days: int | None
    out_of_band: bool
    dry_run: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class Project:
    """Where the project of managed identities lies; None for not told."""

    directory: Path | None
    stack: str | None

    @property
    def is_told(self) -> bool:
        """Whether decisions can be written there."""
        return self.directory is not None or self.stack is not None

    def decide(self, managed: Managed, name: str, decision: Decision, days: int, *, dry_run: bool) -> str:
        """Suspend an identity in its stack's configuration; retire it once that is longer ago than its grace.

        Args:
            managed: the identity.
            name: how its system calls it, where its marks do not tell.
            decision: who, and why.
            days: its grace.
            dry_run: whether to change nothing.

        Returns:
            What was done, and what comes next, for people.
        """
        engine = Engine(self.directory or Path(), self.stack)
        today = datetime.now(UTC).date()
        held = LifeConfiguration(engine).read().get(managed.key)
        is_over = held is not None and (
            held.state is State.RETIRED or (held.state is State.SUSPENDED and held.on + timedelta(days=days) <= today)
        )
        action = Action.RETIRE if is_over else Action.SUSPEND
        who = decision if decision.approver else replace(decision, approver=_NOBODY, reason="a dry run")
        wish = Wish(approver=who.approver, reason=who.reason, until=None, on=today)
        change = written(action, managed.key or name, engine, wish, dry_run)
        did = "decided so already" if not change.is_one else "would be written" if dry_run else "written"
        told = f"{action} {change.key}: {did}; then run `pulumi up`"
        if action is Action.RETIRE:
            return told
        since = change.after.on if change.after else today
        return f"{told}; from {since + timedelta(days=days)} on the same command retires it"


class Run:
    """One run.

    Args:
        inventory: that knows the identities.
        cases: those of it.
        settings: the connections, and the hooks that are told.
        asked: what is asked for.
        project: where managed identities are declared.
        connections: the file that the settings are from.
    """

    def __init__(
        self,
        inventory: Inventory,
        cases: Cases,
        settings: Settings,
        asked: Asked,
        project: Project,
        connections: Path | None,
    ) -> None:
        self._inventory, self._cases, self._asked, self._project = inventory, cases, asked, project
        self._service = open_decommissioning(inventory, settings, connections, dry_run=asked.dry_run)
        self._templates = templates_in_force(project.directory).by_kind

    def go_on_with_due(self) -> list[Result]:
        """Go on with all open cases whose time has come."""
        if not self._asked.dry_run:
            self._service.tell()
        due = [each for each in self._cases.of() if each.due_at is None or each.due_at <= self._asked.now]
        return [_or_failed(case.target, partial(self._go_on, case)) for case in due]

    def begin(self, keys: Sequence[str], verdicts: Sequence[str], file: Path | None) -> list[Result]:
        """Begin with those that are named, or go on with them."""
        found = identities_named(self._inventory, keys, verdicts, file)
        if not self._asked.dry_run:
            self._service.tell()
        return [_or_failed(known.target, partial(self._begin, known)) for known in found]

    def _go_on(self, case: Case) -> Result:
        if not self._asked.dry_run:
            return self._service.go_on(case)
        known = known_of(self._inventory, case.target)
        if known is None:
            raise NhiError(f"{case.target.key}: is not in the inventory any more, expected it there")
        return self._plan(known, case)

    def _begin(self, known: Known) -> Result:
        case, manager = self._cases.open_for(known.target), manager_of(known)
        if case is None and isinstance(manager, Managed):
            return self._decide(known, manager)
        if case is None and isinstance(manager, Foreign) and not self._asked.out_of_band:
            return Result(known.target, Outcome.REFUSED, None, removal_of(manager))
        if self._asked.dry_run:
            return self._plan(known, case)
        return self._service.begin(known, self._asked.decision, self._terms(known))

    def _decide(self, known: Known, managed: Managed) -> Result:
        target, decision = known.target, self._asked.decision
        if known.dependents and Despite.DEPENDENTS not in decision.despite:
            told = f"it has dependents: {', '.join(known.dependents)}; move them, or give --despite-dependents"
            return Result(target, Outcome.REFUSED, None, told)
        if not self._project.is_told:
            told = f"it is managed: {commands_for(managed)}; or give --cwd, and --stack"
            return Result(target, Outcome.REFUSED, None, told)
        days = self._terms(known).grace_days
        told = self._project.decide(managed, target.name, decision, days, dry_run=self._asked.dry_run)
        return Result(target, Outcome.PLANNED if self._asked.dry_run else Outcome.DECIDED, None, told)

    def _plan(self, known: Known, case: Case | None) -> Result:
        return self._service.plan(known, case, self._asked.decision, self._terms(known), self._asked.now)

    def _terms(self, known: Known) -> Terms:
        days = self._asked.grace_days or grace_days_of(known.target, self._templates)
        return Terms(self._asked.notice_days, days)


def _or_failed(target: Target, step: Callable[[], Result]) -> Result:
    try:
        return step()
    except NhiError as error:
        return Result(target, Outcome.FAILED, None, str(error))
