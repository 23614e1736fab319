"""Finds what is due in many stacks, and runs `up` where nothing else would change."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from nhi_components.core.due import Due, LeaseOnDay, Verdict, due_on
from nhi_components.core.errors import NhiError, Problem
from nhi_components.core.glob import glob_matches
from nhi_components.core.life import State
from nhi_components.provider.engine import Engine, StackLocked
from nhi_components.provider.evidence_reading import evidence_since
from nhi_components.provider.held_identities import HeldIdentity, held_identities
from nhi_components.provider.life_configuration import LifeConfiguration
from nhi_components.provider.stack_state import HeldLease, held_leases, settings_of
from nhi_components.templates import Templates, templates_in_force

_PROJECT_FILES = frozenset({"Pulumi.yaml", "Pulumi.yml", "Pulumi.json"})
_NO_PROJECTS = frozenset({"node_modules", "venv", "__pycache__"})
_UNCHANGED = frozenset({"same", "refresh", "read"})
_PROVIDER_OF_OURS = "pulumi:providers:nhi"

_GONE = str(State.RETIRED)
"""What a lease has become that the state no longer holds."""


class Outcome(StrEnum):
    """What became of a stack."""

    DUE = "due"
    SETTLED = "settled"
    UNCHANGED = "nothing changes"
    OTHER_CHANGES = "other changes are pending"
    LOCKED = "locked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack of one project."""

    project: Path
    name: str

    def __str__(self) -> str:
        return f"{self.project.name}/{self.name}"

    @property
    def engine(self) -> Engine:
        """The engine, for it."""
        return Engine(self.project, self.name)


@dataclass(frozen=True, slots=True)
class DueLease:
    """A lease of which something is due.

    Attributes:
        key: whose.
        lease_id: which.
        component: its component's URN.
        state: active or suspended, as the last `up` left it.
        ends: the UTC day at whose start access ends.
        verdict: what is due, and why.
    """

    key: str
    lease_id: str
    component: str
    state: str
    ends: date
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Report:
    """What was found and done in one stack.

    Attributes:
        stack: which.
        due: what was due before anything was done.
        outcome: what became of it; None where nothing is due.
        after: the state of each lease afterwards, by its id; `retired` when it is gone.
        evidence: the statements that were written about each lease meanwhile, by its id.
        detail: what failed, or what else would change.
    """

    stack: Stack
    due: tuple[DueLease, ...] = ()
    outcome: Outcome | None = None
    after: Mapping[str, str] | None = None
    evidence: Mapping[str, Sequence[str]] | None = None
    detail: str = ""

    @property
    def settled_by_up(self) -> tuple[DueLease, ...]:
        """What of it an `up` does."""
        return tuple(lease for lease in self.due if lease.verdict.due.settled_by_up)

    @property
    def is_open(self) -> bool:
        """Whether anything is still to be done, by an `up` or by a person; what could not be looked at is open."""
        if self.outcome is Outcome.LOCKED or any(lease.verdict.due is Due.DECISION for lease in self.due):
            return True
        return not all(self._is_settled(lease) for lease in self.settled_by_up)

    def _is_settled(self, lease: DueLease) -> bool:
        """Only a restoration can be due in vain: the program itself may suspend what no decision does any more."""
        due = lease.verdict.due
        if self.outcome is Outcome.UNCHANGED:
            return due is Due.RESTORATION
        if self.outcome is not Outcome.SETTLED:
            return False
        became = (self.after or {}).get(lease.lease_id, _GONE)
        return became == _GONE if due is Due.RETIREMENT else became != State.ACTIVE or due is not Due.SUSPENSION


def stacks_below(directories: Iterable[Path], pattern: str) -> tuple[list[Stack], list[Report]]:
    """Find the stacks of every project in or below some folders; what can't be read or asked is reported.

    Args:
        directories: where to look.
        pattern: of the stacks' names, such as `*prod*`.
    """
    found: list[Stack] = []
    failed: list[Report] = []

    def unreadable(error: OSError) -> None:
        failed.append(Report(Stack(Path(error.filename), "*"), outcome=Outcome.FAILED, detail=_unreadable(error)))

    projects = {each for directory in directories for each in _projects(directory.resolve(), unreadable)}
    for project in sorted(projects):
        try:
            names = Engine(project).stacks()
        except NhiError as error:
            failed.append(Report(Stack(project, "*"), outcome=Outcome.FAILED, detail=str(error)))
            continue
        found += [Stack(project, name) for name in sorted(names) if glob_matches(pattern, name)]
    return found, failed


def looked_at(stack: Stack, today: date, warn_days: int) -> Report:
    """Tell what is due in a stack; changes nothing."""
    try:
        due = _due(stack, stack.engine.export(), today, warn_days)
    except StackLocked as error:
        return Report(stack, outcome=Outcome.LOCKED, detail=str(error))
    except NhiError as error:
        return Report(stack, outcome=Outcome.FAILED, detail=str(error))
    report = Report(stack, due)
    return Report(stack, due, Outcome.DUE) if report.settled_by_up else report


def settled(found: Report, *, with_other_changes: bool, clock: Callable[[], datetime]) -> Report:
    """Run `up` on a stack where something is due, when a preview shows that nothing else changes."""
    stack, due = found.stack, found.due
    if found.outcome is not Outcome.DUE:
        return found
    started = clock()
    try:
        before = stack.engine.export()
        changed, others = _previewed(stack.engine, before, {lease.component for lease in found.settled_by_up})
        if others and not with_other_changes:
            return Report(stack, due, Outcome.OTHER_CHANGES, detail=", ".join(others))
        if not changed:
            return Report(stack, due, Outcome.UNCHANGED, detail="an `up` changes nothing of what is due")
        stack.engine.up()
        after = _states(stack.engine.export())
    except StackLocked as error:
        return Report(stack, due, Outcome.LOCKED, detail=str(error))
    except NhiError as error:
        return Report(stack, due, Outcome.FAILED, detail=str(error))
    leases = [lease.lease_id for lease in found.settled_by_up]
    written = _evidence(before, leases, started)
    return Report(stack, due, Outcome.SETTLED, {each: after.get(each, _GONE) for each in leases}, written)


def in_parallel(
    work: Callable[[Any], Report], items: Sequence[Any], parallel: int, done: Callable[[], None]
) -> list[Report]:
    """Work on many stacks, so many at a time; the answers come in the order of the items."""

    def one(item: Any) -> Report:
        report = work(item)
        done()
        return report

    with ThreadPoolExecutor(parallel) as threads:
        return list(threads.map(one, items))


def _projects(directory: Path, unreadable: Callable[[OSError], None]) -> Iterator[Path]:
    for folder, below, files in os.walk(directory, onerror=unreadable):
        if not _PROJECT_FILES.isdisjoint(files):
            yield Path(folder)
        below[:] = [name for name in below if not name.startswith(".") and name not in _NO_PROJECTS]


def _unreadable(error: OSError) -> str:
    fix = "let whoever runs this read it, or name other folders"
    return str(Problem(str(error.filename), error.strerror or "unreadable", "a folder that can be read", fix))


def _due(stack: Stack, state: Mapping[str, Any], today: date, warn_days: int) -> tuple[DueLease, ...]:
    identities = held_identities(state)
    if not any(held.leases for held in identities.values()):
        return ()
    decisions = LifeConfiguration(stack.engine).read()
    templates = templates_in_force(stack.project)
    parents = {each["urn"]: each.get("parent", "") for each in state["deployment"]["resources"]}
    found = []
    for key, held in identities.items():
        for lease in held.leases:
            verdict = due_on(today, _on_day(lease, held, decisions.get(key), templates), warn_days=warn_days)
            if verdict:
                terms = lease.terms
                row = DueLease(key, terms.lease_id, parents[lease.urn], terms.state, terms.ends, verdict)
                found.append(row)
    return tuple(found)


def _on_day(lease: HeldLease, held: HeldIdentity, decision: Any, templates: Templates) -> LeaseOnDay:
    identity = lease.terms.identity
    return LeaseOnDay(
        declared=identity.state,
        state=lease.terms.state,
        ends=lease.terms.ends,
        grace_days=templates.grace_days_of(identity),
        decision=decision,
        applied=held.applied,
        cut_off=held.cut_off,
    )


def _previewed(engine: Engine, state: Mapping[str, Any], components: set[str]) -> tuple[list[str], list[str]]:
    """Tell which resources an `up` changes: those of the due identities, and all others but our own provider."""
    parents = {each["urn"]: each.get("parent") or "" for each in state["deployment"].get("resources") or []}
    steps = [step for step in engine.preview() if step["op"] not in _UNCHANGED]
    for step in steps:
        for told in (step.get("oldState") or {}, step.get("newState") or {}):
            parents.setdefault(step["urn"], told.get("parent") or "")
    changed: list[str] = []
    others: list[str] = []
    for urn in dict.fromkeys(step["urn"] for step in steps):
        if urn.split("::")[2] == _PROVIDER_OF_OURS:
            continue
        (changed if _is_part(urn, components, parents) else others).append(urn)
    return changed, others


def _is_part(urn: str, components: set[str], parents: Mapping[str, str]) -> bool:
    while urn:
        if urn in components:
            return True
        urn = parents.get(urn, "")
    return False


def _states(state: Mapping[str, Any]) -> dict[str, str]:
    return {lease.terms.lease_id: str(lease.terms.state) for lease in held_leases(state)}


def _evidence(state: Mapping[str, Any], leases: Sequence[str], started: datetime) -> dict[str, Sequence[str]]:
    providers = {lease.terms.lease_id: lease.provider for lease in held_leases(state)}
    return {each: evidence_since(partial(settings_of, state, providers[each]), each, started) for each in leases}
