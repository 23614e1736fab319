"""`nhi expose`: a key leaked; find it, revoke it, replace it everywhere, tell who has to know."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption
from nhi_components.cli.credentials import DryRunOption
from nhi_components.cli.deciding import (
    ApproverOption,
    DirectoryOption,
    ReasonOption,
    StackOption,
    approval,
    refuse,
)

if TYPE_CHECKING:
    from nhi_components.core.errors import Problem
    from nhi_components.lifecycle.credentials.exposing import Leak
    from nhi_components.lifecycle.credentials.outcome import Outcome
    from nhi_components.provider.held_credentials import HeldCredential

_LONGEST_VALUE = 65_536
"""Bytes: more than any key that is issued; a key file of GCP has about 2,400."""


def expose(
    key_id: Annotated[str | None, typer.Option("--key-id", help="The key's id, such as AKIA….")] = None,
    prefix: Annotated[str | None, typer.Option("--prefix", help="How its id begins, 8 characters or more.")] = None,
    value: Annotated[
        bool, typer.Option("--value", help="Its value, read from standard input; it is never an argument.")
    ] = False,
    stack: StackOption = None,
    directory: DirectoryOption = Path(),
    approver: ApproverOption = "",
    reason: ReasonOption = "",
    connections: ConnectionsOption = None,
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Revoke a leaked key at once, issue another, deliver it, tell what uses it, notify, and record how long it took.

    The key is looked for among the credentials of the stack, at their sources and homes.

    Exit codes: 0 it is revoked and replaced everywhere; 1 something is left to do, or could not be looked at; 2 wrong
    input; 4 no credential of the stack has such a key.
    """
    from nhi_components.cli.credentials import bring_about, credentials_of, with_progress
    from nhi_components.cli.rotate_render import show_plans, show_results, show_search
    from nhi_components.lifecycle.credentials.exposing import search
    from nhi_components.lifecycle.credentials.fleet import run_all

    key_id, prefix = (key_id or "").strip(), (prefix or "").strip()
    problems = _problems(key_id, prefix, value=value)
    approved = ("", "") if dry_run else approval("nhi expose", approver, reason, problems)
    refuse("nhi expose", problems)
    leak = _leak(key_id, prefix)
    credentials = credentials_of(directory, stack, connections, approved, urgent=True)
    found = search(leak, [(each.wanted, each.desk.tools) for each in credentials])
    matches = [(credentials[match.index], match.keys) for match in found.matches]
    if not matches:
        show_search(found, len(credentials), output)
        raise typer.Exit(1 if found.unseen else 4)
    chosen = [credential for credential, _ in matches]
    if dry_run:
        code = show_plans(chosen, None, output, lambda index: matches[index][1], found.unseen)
        raise typer.Exit(code)

    def work(match: tuple[HeldCredential, frozenset[str]]) -> Outcome:
        credential, keys = match
        return bring_about(credential, None, keys, despite_dependents=True)

    results = with_progress(run_all(matches, work), len(matches), "revoking")
    show_results("nhi expose", chosen, results, output, unseen=found.unseen)
    complete = all(result.is_complete for result in results) and not found.unseen
    raise typer.Exit(0 if complete else 1)


def _problems(key_id: str, prefix: str, *, value: bool) -> list[Problem]:
    from nhi_components.core.errors import Problem
    from nhi_components.lifecycle.credentials.exposing import prefix_problems

    given = [name for name, told in (("--key-id", key_id), ("--prefix", prefix), ("--value", value)) if told]
    problems = prefix_problems(prefix)
    if len(given) != 1:
        fix = "give --key-id, --prefix, or --value with the value on standard input"
        problems.insert(0, Problem("the key", " and ".join(given) or "nothing", "one way to know it", fix))
    return problems


def _leak(key_id: str, prefix: str) -> Leak:
    from nhi_components.lifecycle.credentials.exposing import Leak

    if key_id or prefix:
        return Leak(key_id=key_id, prefix=prefix)
    return Leak(value=_value())


def _value() -> str:
    """Read the value: as it is piped, or at a terminal, which does not show it.

    Raises:
        SpecError: there is none, or what is there is no text of a key's length; nothing of it is told.
    """
    from nhi_components.core.errors import Problem

    if sys.stdin.isatty():
        text = getpass("leaked value (not shown; pipe one of several lines): ").strip()
    else:
        told = sys.stdin.buffer.read(_LONGEST_VALUE + 1)
        text = told.decode(errors="replace").strip()
        if "\ufffd" in text:
            refuse("nhi expose", [Problem("standard input", "no UTF-8", "text", "pipe the value alone")])
        if len(told) > _LONGEST_VALUE:
            got, expected = f"more than {_LONGEST_VALUE:,} bytes", "the leaked value alone"
            refuse("nhi expose", [Problem("standard input", got, expected, "pipe it without what is around it")])
    if not text:
        fix = "pipe it: `pbpaste | nhi expose --value …`"
        refuse("nhi expose", [Problem("standard input", "nothing", "the leaked value", fix)])
    return text
