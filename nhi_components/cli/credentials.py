"""What `nhi rotate` and `nhi expose` have in common: which credentials, progress, and how to notify."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nhi_components.lifecycle.credentials.decision import Cause
    from nhi_components.lifecycle.credentials.dependents import Refreshed
    from nhi_components.lifecycle.credentials.fleet import Result
    from nhi_components.lifecycle.credentials.looking import Plan
    from nhi_components.lifecycle.credentials.outcome import Outcome
    from nhi_components.provider.held_credentials import HeldCredential

DespiteOption = Annotated[
    bool,
    typer.Option("--despite-dependents", help="Go on although something that lives would be left with a deleted key."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be done and touch nothing.")]


def credentials_of(
    directory: Path, stack: str | None, connections: Path | None, approved: tuple[str, str], *, urgent: bool = False
) -> list[HeldCredential]:
    """Read a stack's state, and find the credentials in it.

    Args:
        directory: the project's folder.
        stack: which; None for the selected one.
        connections: the file that says how systems are reached, in place of what the state says.
        approved: who decided, and why.
        urgent: whether decisions that can't be read keep nothing from being done.
    """
    from nhi_components.cli.connections import read_connections
    from nhi_components.core.errors import NhiError
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.provider.engine import Engine
    from nhi_components.provider.held_credentials import held_credentials
    from nhi_components.provider.life_configuration import LifeConfiguration

    given, engine = read_connections(connections) if connections else None, Engine(directory, stack)
    state = engine.export()
    try:
        decisions = LifeConfiguration(engine).read()
    except NhiError:
        if not urgent:
            raise
        decisions = {}
    return held_credentials(state, given, approved, system_clock, decisions)


def named(credentials: Sequence[HeldCredential], name: str, command: str) -> list[HeldCredential]:
    """Choose those of one identity: `orders.prod`, or `orders` where there is only one.

    Raises:
        SpecError: there is none of that name, or several.
    """
    from nhi_components.provider.held_identities import key_named

    key = key_named(name, {each.key for each in credentials}, command, "an identity with a credential that we rotate")
    return [each for each in credentials if each.key == key]


def living_keys(credential: HeldCredential) -> frozenset[str]:
    """Tell every key that lives at a credential's source; its home may be down."""
    wanted = credential.wanted
    return frozenset(key.id for key in wanted.source(credential.desk.tools).keys(wanted.lease))


def planned(credential: HeldCredential, asked: Cause | None, exposed: frozenset[str]) -> Plan:
    """Tell what would be done about one credential."""
    plan = credential.desk.plan(credential.wanted, asked, exposed)
    if not credential.is_suspended:
        return plan
    leaked = dict.fromkeys(sorted(exposed), "it is exposed")
    decision = replace(plan.decision, cause=None, strays=(), retire=leaked, waits=credential.suspension)
    return replace(plan, decision=decision, deliver=(), refused="")


def bring_about(
    credential: HeldCredential, asked: Cause | None, exposed: frozenset[str], *, despite_dependents: bool
) -> Outcome:
    """Rotate one credential, and tell those who are to be told when a key leaked; a suspended one gets no new key."""
    terms, wanted, told = credential.inputs.terms, credential.wanted, notifier(credential) if exposed else None
    if credential.is_suspended:
        return credential.desk.revoke_exposed(terms, wanted, exposed, told)
    return credential.desk.bring_about(
        terms,
        wanted,
        asked=asked,
        exposed=exposed,
        despite_dependents=despite_dependents,
        restores=False,
        notify=told,
    )


def notifier(credential: HeldCredential) -> Callable[[Outcome], Sequence[Refreshed]]:
    """Make what tells people of an exposure, as the provider's configuration says."""
    from nhi_components.lifecycle.credentials.notifying import notify

    return lambda outcome: notify(credential.settings().notify, credential.wanted, outcome, credential.desk.tools)


def with_progress(results: Iterator[Result], total: int, what: str) -> list[Result]:
    """Collect results, in the order of what was asked for; shows how far it is at a terminal."""
    found: list[Result] = []
    if not sys.stderr.isatty():
        found = list(results)
    else:
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(what, total=total)
            for result in results:
                found.append(result)
                progress.advance(task)
    return sorted(found, key=lambda result: result.index)
