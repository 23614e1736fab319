"""`nhi kill`: refuse every credential and session of an identity everywhere, now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption
from nhi_components.cli.deciding import ApproverOption, DirectoryOption, ReasonOption, StackOption, approval

if TYPE_CHECKING:
    from datetime import datetime

    from nhi_components.lifecycle.killing import Killed, Target
    from nhi_components.provider.engine import Engine
    from nhi_components.provider.kill_targets import Approved


def kill(
    name: Annotated[str | None, typer.Argument(help="The identity: `orders.prod`, or `orders`.")] = None,
    lease: Annotated[
        str | None, typer.Option("--lease", help="Instead: a lease id, where no state is at hand; see --connections.")
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option(help="With --lease: a system to look at; repeat it.", show_default="every system"),
    ] = None,
    stack: StackOption = None,
    directory: DirectoryOption = Path(),
    approver: ApproverOption = "",
    reason: ReasonOption = "",
    connections: ConnectionsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be cut off and touch nothing.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Refuse every credential and session of an identity on all its systems at once; no engine runs.

    It is recorded as signed evidence, and decided in the stack's configuration, so that the next `pulumi up` keeps the
    identity suspended. `nhi restore` brings it back. Repeating it is safe.

    Exit codes: 0 everything is refused everywhere; 1 something lives, is not proved, or not recorded; 2 wrong input.
    """
    from nhi_components.cli.kill_render import show_killed, show_targets
    from nhi_components.lifecycle.clock import system_clock

    started = system_clock()
    approved = approval("nhi kill", approver, reason)
    engine: Engine | None = None
    problems: list[str] = []
    if lease:
        key = lease
        targets, problems = _by_lease(lease, system, connections)
    else:
        key, targets, engine = _by_name(name, directory, stack, connections, approved)
    if dry_run:
        show_targets(key, targets, output)
        return
    killed = _kill(key, targets, started, engine, approved, problems)
    show_killed(key, killed, problems, started, output)
    raise typer.Exit(0 if not problems and all(each.is_complete for each in killed) else 1)


def _by_name(
    name: str | None, directory: Path, stack: str | None, connections: Path | None, approved: Approved
) -> tuple[str, list[Target], Engine]:
    from nhi_components.cli.connections import adapter_opener, read_connections
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.provider.engine import Engine
    from nhi_components.provider.held_identities import held_identities, key_named
    from nhi_components.provider.kill_targets import targets_in

    if name is None:
        raise SpecError(
            "nhi kill", [Problem("NAME", "nothing", "an identity, or --lease", "write `nhi kill orders.prod`")]
        )
    engine = Engine(directory, stack)
    state = engine.export()
    held = held_identities(state)
    key = key_named(name, held, "nhi kill")
    given = read_connections(connections) if connections else None
    targets = targets_in(state, key, lambda settings: adapter_opener(given or settings()), approved, system_clock)
    return key, targets, engine


def _by_lease(lease: str, systems: list[str] | None, connections: Path | None) -> tuple[list[Target], list[str]]:
    """Find what bears a lease id, and tell what kept systems from being looked at."""
    from nhi_components.cli.connections import adapter_opener, read_connections, systems_to_look_at
    from nhi_components.core.connection import DEFAULT
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.core.lease_id import checked_lease_id
    from nhi_components.core.links import System
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.provider.kill_targets import targets_of_lease

    lease_id = checked_lease_id(lease)
    if unknown := sorted(set(systems or ()) - set(System)):
        problem = Problem("--system", ", ".join(unknown), "one of " + ", ".join(System), "correct the name")
        raise SpecError("nhi kill", [problem])
    settings = read_connections(connections)
    chosen = systems_to_look_at(systems, settings)
    opener = adapter_opener(settings)
    targets, failures = targets_of_lease(lease_id, chosen, DEFAULT, opener, system_clock)
    if not targets and not failures:
        fix = "check the id: evidence and the tag nhi:lease have it"
        raise SpecError("nhi kill", [Problem("--lease", f"{lease_id}, which nothing bears", "a lease that lives", fix)])
    return targets, failures


def _kill(
    key: str,
    targets: list[Target],
    started: datetime,
    engine: Engine | None,
    approved: Approved,
    problems: list[str],
) -> list[Killed]:
    """Cut off, and write the decision meanwhile; what keeps it from being written is added to the problems."""
    from nhi_components.core.errors import NhiError
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.lifecycle.killing import kill as kill_all
    from nhi_components.provider.kill_targets import suspended_by
    from nhi_components.provider.life_configuration import LifeConfiguration

    with ThreadPoolExecutor(1) as thread:
        cutting = thread.submit(kill_all, targets, started)
        try:
            if engine and targets:
                LifeConfiguration(engine).decide(key, suspended_by(approved, system_clock))
        except NhiError as error:
            problems.append(f"not decided in the configuration, so an `up` may give access back: {error}")
        return cutting.result()
