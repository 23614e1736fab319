"""`nhi expose`: a key leaked; find it, revoke it, replace it everywhere, tell who has to know."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption
from nhi_components.cli.credentials import DryRunOption
from nhi_components.cli.deciding import ApproverOption, DirectoryOption, ReasonOption, StackOption, approval

if TYPE_CHECKING:
    from nhi_components.lifecycle.credentials.exposing import Leak
    from nhi_components.lifecycle.credentials.outcome import Outcome
    from nhi_components.provider.held_credentials import HeldCredential

_LONGEST_VALUE = 65_536
"""Characters: more than any key that is issued; a key file of GCP has about 2,400."""


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

    leak = _leak(key_id, prefix, value=value)
    approved = ("", "") if dry_run else approval("nhi expose", approver, reason)
    credentials = credentials_of(directory, stack, connections, approved)
    found = search(leak, [(each.wanted, each.desk.tools) for each in credentials])
    matches = [(credentials[match.index], match.keys) for match in found.matches]
    if not matches:
        show_search(found, len(credentials), output)
        raise typer.Exit(1 if found.unseen else 4)
    chosen = [credential for credential, _ in matches]
    if dry_run:
        keys = frozenset().union(*(keys for _, keys in matches))
        raise typer.Exit(show_plans(chosen, None, output, exposed=True, only=keys))

    def work(match: tuple[HeldCredential, frozenset[str]]) -> Outcome:
        credential, keys = match
        return bring_about(credential, None, keys, despite_dependents=True)

    results = with_progress(run_all(matches, work), len(matches), "revoking")
    show_results("nhi expose", chosen, results, output, unseen=found.unseen)
    complete = all(result.is_complete for result in results) and not found.unseen
    raise typer.Exit(0 if complete else 1)


def _leak(key_id: str | None, prefix: str | None, *, value: bool) -> Leak:
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.lifecycle.credentials.exposing import Leak

    given = [name for name, told in (("--key-id", key_id), ("--prefix", prefix), ("--value", value)) if told]
    if len(given) != 1:
        fix = "give --key-id, --prefix, or --value with the value on standard input"
        got = " and ".join(given) or "nothing"
        raise SpecError("nhi expose", [Problem("the key", got, "one way to know it", fix)])
    if not value:
        return Leak(key_id=key_id or "", prefix=prefix or "")
    text = sys.stdin.read(_LONGEST_VALUE).strip()
    if not text:
        fix = "pipe it: `pbpaste | nhi expose --value …`"
        raise SpecError("nhi expose", [Problem("standard input", "nothing", "the leaked value", fix)])
    return Leak(value=text)
