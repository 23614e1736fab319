"""What `nhi decommission` and `nhi restore` work with: systems, audit trail, hooks, and who is named."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from nhi_components.cli.auditing import audit_log, operator
from nhi_components.core.connection import DEFAULT
from nhi_components.core.errors import NhiError, Problem, SpecError, SystemUnreachable
from nhi_components.core.inventory.verdicts import Verdict
from nhi_components.lifecycle.adapters import open_retirement
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.credentials.dependents import HookDependants
from nhi_components.lifecycle.credentials.hooks import Deployments, Reach
from nhi_components.lifecycle.decommission.auditing import audit_event
from nhi_components.lifecycle.decommission.case import Stage
from nhi_components.lifecycle.decommission.cases import Cases
from nhi_components.lifecycle.decommission.decommissioning import Decommissioning, Notify, Tools
from nhi_components.lifecycle.decommission.known import Known, known_as, known_of
from nhi_components.lifecycle.decommission.notice import notify
from nhi_components.lifecycle.decommission.ports import ReachesPlaces, Retirement, Target
from nhi_components.lifecycle.decommission.records import Record, StageEvent
from nhi_components.lifecycle.decommission.turns import turn
from nhi_components.lifecycle.inventory.store import Inventory
from nhi_components.provider.settings import Settings


def open_decommissioning(
    inventory: Inventory, settings: Settings, connections: Path | None, *, dry_run: bool
) -> Decommissioning:
    """Make what brings cases forward.

    Args:
        inventory: where they are kept.
        settings: the connections, and the hooks that are told.
        connections: the file that they are from.
        dry_run: whether nothing is to be changed, so that nothing is to be recorded either.

    Raises:
        NhiError: no evidence could be written.
    """
    tools = Tools(
        retirement=retirement_opener(settings),
        known=lambda target: known_of(inventory, target),
        turn=lambda target: turn(inventory, target),
        clock=system_clock,
        record=_unrecorded if dry_run else _recording(connections),
        notify=_notifier(settings),
    )
    return Decommissioning(Cases(inventory), tools)


def retirement_opener(settings: Settings) -> Callable[[Target], Retirement]:
    """Make what finds the connection that reaches the place where an identity lives; each is opened once."""
    opened: dict[str, list[Retirement]] = {}
    found: dict[tuple[str, str], Retirement] = {}

    def find(target: Target) -> Retirement:
        where = (target.system, target.place)
        if where not in found:
            if target.system not in opened:
                opened[target.system] = _of_system(target, settings)
            found[where] = _reaching(target, opened[target.system])
        return found[where]

    return find


def _reaching(target: Target, retirements: Sequence[Retirement]) -> Retirement:
    got = []
    for retirement in retirements:
        try:
            if isinstance(retirement, ReachesPlaces) and retirement.reaches(target.place):
                return retirement
            place = retirement.place()
        except SystemUnreachable as unreachable:
            got.append(str(unreachable))
            continue
        if place == target.place:
            return retirement
        got.append(f"{target.system}.{retirement.connection} reaches {place}")
    fix = "log in there, or add a connection to --connections"
    problem = Problem(target.key, "; ".join(got), f"a connection to {target.system}/{target.place}", fix)
    raise SpecError("connections", [problem])


def _of_system(target: Target, settings: Settings) -> list[Retirement]:
    system = target.system
    connections = getattr(settings, system) or {DEFAULT: settings.connection(system, DEFAULT)}
    return [open_retirement(system, name, connection) for name, connection in connections.items()]


def _recording(connections: Path | None) -> Record:
    """Make what tells the audit trail, after it was seen that it could be told now."""
    log, actor = audit_log(connections), operator(os.environ)
    log.ensure_ready()

    def record(event: StageEvent) -> None:
        told = audit_event(event, actor)
        if told is not None:
            log.record(told)

    return record


def _unrecorded(_: StageEvent) -> None:
    """Tell nobody, as nothing is done."""


def _notifier(settings: Settings) -> Notify | None:
    if not settings.notify:
        return None

    def no_deployments(connection: str) -> Deployments:
        raise NhiError(f"{connection}: a notice is told to commands and web hooks only")

    dependants = HookDependants(Reach(no_deployments, time.sleep), system_clock)
    return lambda case: notify(settings.notify, case, dependants)


def identities_named(
    inventory: Inventory, keys: Sequence[str], verdicts: Sequence[str], file: Path | None
) -> list[Known]:
    """Find the identities that a person names, each once.

    Args:
        inventory: that knows them.
        keys: or unique ids.
        verdicts: all of which one of these verdicts stands.
        file: keys, one a line, or JSON as `nhi inventory --output json` writes it.

    Raises:
        SpecError: with every one that is not known, or not known for sure.
    """
    found = {_identity(known): known for known in _with_verdicts(inventory, verdicts)}
    problems = []
    for name in dict.fromkeys([*keys, *(_keys_in(file) if file else ())]):
        matches = known_as(inventory, name)
        if len(matches) == 1:
            found[_identity(matches[0])] = matches[0]
        elif matches:
            told = ", ".join(f"{each.target.key} ({each.target.unique_id})" for each in matches)
            problems.append(Problem("KEY", f"{name}, which is {told}", "one identity", "give its unique id or its key"))
        elif not _was_removed(inventory, name):
            fix = "run `nhi discover`, and take it from `nhi inventory`"
            problems.append(Problem("KEY", name, "key or unique id of an identity of the inventory", fix))
    if problems:
        raise SpecError("nhi decommission", problems)
    return list(found.values())


def _was_removed(inventory: Inventory, name: str) -> bool:
    """Tell whether a case has removed it, so that asking for it again is no mistake."""
    return any(case.stage is Stage.REMOVED for case in Cases(inventory).of([name], closed=True))


def _keys_in(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        if not text.lstrip().startswith("["):
            lines = (line.strip() for line in text.splitlines())
            return [line for line in lines if line and not line.startswith("#")]
        return [str(each["key"] if isinstance(each, dict) else each) for each in json.loads(text)]
    except (OSError, ValueError, KeyError) as error:
        expected = "keys, one a line, or JSON as `nhi inventory --output json` writes it"
        raise SpecError(
            "nhi decommission", [Problem("--from", type(error).__name__, expected, f"correct {file}")]
        ) from None


def _with_verdicts(inventory: Inventory, named: Sequence[str]) -> list[Known]:
    if not named:
        return []
    # Verdicts are kept with the help of large packages, which nothing else here needs.
    from nhi_components.lifecycle.verdicts.keeping import standing

    if unknown := sorted(set(named) - set(Verdict)):
        problem = Problem("--verdict", ", ".join(unknown), "one of " + ", ".join(Verdict), "correct the name")
        raise SpecError("nhi decommission", [problem])
    judged = {(each.key, each.unique_id) for each in standing(inventory, [Verdict(each) for each in named])}
    keys = sorted({key for key, _ in judged})
    return [known for key in keys for known in known_as(inventory, key) if _identity(known) in judged]


def _identity(known: Known) -> tuple[str, str]:
    return known.target.key, known.target.unique_id
