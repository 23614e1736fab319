"""`nhi audit`: bring the chain of evidence to a SIEM, look at its newest events, anchor its head."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from nhi_components.cli.connections import ConnectionsOption, Output, OutputOption
from nhi_components.cli.evidence import TrustedOption

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from nhi_components.lifecycle.audit.exporting import Exporter
    from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
    from nhi_components.lifecycle.evidence.flaws import Flaw
    from nhi_components.lifecycle.evidence.keys import VerifyingKey

BROKEN = 1
BAD_USAGE_OR_NOTHING = 2
NOT_TAKEN = 3

audit_app = typer.Typer(
    no_args_is_help=True,
    help="Export every event of the evidence chain as OCSF, show the newest, anchor the chain's head. "
    "NHI_EVIDENCE_DIR says where it is, NHI_EVIDENCE_ANCHOR where its head is anchored.",
)


@audit_app.command()
def export(
    to: Annotated[
        str, typer.Option(help="file:PATH, syslog://HOST:PORT, syslog+tls://HOST[:6514] or https://HOST/PATH.")
    ],
    follow: Annotated[bool, typer.Option("--follow", help="Do not end; export what comes, too.")] = False,
    every: Annotated[float, typer.Option(min=0.05, help="Seconds between two looks, with --follow.")] = 5.0,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Events that are sent at a time, at most.")] = 500,
    patience: Annotated[
        float, typer.Option(min=0, help="For how many seconds a destination is asked again that does not take events.")
    ] = 300.0,
    authorization_from: Annotated[
        str | None,
        typer.Option(help="Environment variable with the whole value of the header Authorization, for https."),
    ] = None,
    ndjson: Annotated[bool, typer.Option("--ndjson", help="Post lines of JSON rather than an array.")] = False,
    ca: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Certificates to trust, in PEM.", show_default="the system's"),
    ] = None,
    client_certificate: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Our own certificate with its key, in PEM.")
    ] = None,
    trusted_key: TrustedOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Export the events that this destination has not taken yet, each statement verified, in order, at least once.

    Run it again after a kill or an outage: it goes on where the destination stood. A destination that is busy is asked
    again; how far it is, is kept beside the evidence. Of a broken chain, what comes before the break is exported.

    Exit codes: 0 everything is exported; 1 a chain is broken; 2 wrong input, or nothing there; 3 the destination did
    not take it.
    """
    import time

    from nhi_components.core.errors import EvidenceError
    from nhi_components.lifecycle.audit.cursors import Cursors
    from nhi_components.lifecycle.audit.destinations.opening import Options, open_destination
    from nhi_components.lifecycle.audit.destinations.ports import NotTaken
    from nhi_components.lifecycle.audit.exporting import Exporter, Patience

    destination = open_destination(to, Options(authorization_from, ndjson, ca, client_certificate))
    store = _store()
    trusted = _trusted(store, trusted_key or [])
    try:
        with Cursors(store.directory, destination.name).alone() as cursors:
            exporter = Exporter(store, trusted, destination, cursors, batch, Patience(patience))
            while True:
                _export_once(exporter, destination.name, output, quiet=follow)
                if not follow:
                    _require_chains(store)
                    return
                time.sleep(every)
    except NotTaken as error:
        _stop(str(error), NOT_TAKEN)
    except EvidenceError as error:
        _stop(f"evidence cannot be exported: {error}", BROKEN)
    finally:
        destination.close()


@audit_app.command()
def show(
    since: Annotated[
        str, typer.Option(help="A day as YYYY-MM-DD, or a number of days such as 7d, or of hours such as 12h.")
    ] = "1d",
    trusted_key: TrustedOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show the events of all chains since some time, as they are exported; the newest last.

    Exit codes: 0 shown; 1 a chain is broken, and what comes before the break is shown; 2 wrong input.
    """
    from nhi_components.lifecycle.audit.trail import Trail
    from nhi_components.lifecycle.clock import system_clock

    store = _store()
    _require_chains(store)
    first = _since(since, system_clock())
    keys = _trusted(store, trusted_key or [])()
    events: list[Mapping[str, Any]] = []
    flaws: list[Flaw] = []
    for chain_id in store.chain_ids():
        trail = Trail(store, keys, chain_id, None)
        events += [each.event for each in trail.read() if each.event["time"] >= first.timestamp() * 1000]
        flaws += trail.flaws
    events.sort(key=lambda event: event["time"])
    if output is Output.JSON:
        import json

        typer.echo("".join(json.dumps(event) + "\n" for event in events), nl=False)
    else:
        _print(events)
    _tell(flaws)


@audit_app.command()
def anchor(connections: ConnectionsOption = None) -> None:
    """Anchor the chain's head as it is now, and tell what was anchored before.

    Exit codes: 0 anchored; 1 it could not be, or the anchor does not agree with the chain; 2 no anchor is set.
    """
    from nhi_components.cli.connections import read_connections
    from nhi_components.core.errors import EvidenceError
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.provider.recorder import recorder_of

    try:
        anchored = recorder_of(read_connections(connections), system_clock).anchor_head()
    except EvidenceError as error:
        _stop(f"the head cannot be anchored: {error}", BROKEN)
    if anchored is None:
        _stop("no anchor is set: NHI_EVIDENCE_ANCHOR says where, such as vault-kv:secret/nhi-evidence", 2)
    head, before = anchored.head, anchored.before
    typer.echo(f"chain {head.chain_id}: {head.sequence} statements, head {head.digest}, anchored in {anchored.anchor}")
    typer.echo(f"before: {f'{before.sequence} statements, head {before.digest}' if before else 'not anchored'}")


def _export_once(exporter: Exporter, name: str, output: Output, *, quiet: bool) -> None:
    exported = exporter.run()
    if exported.events or not quiet:
        if output is Output.JSON:
            import json

            problems = [str(flaw) for flaw in exported.flaws]
            typer.echo(json.dumps({"destination": name, "events": exported.events, "problems": problems}))
        else:
            typer.echo(f"{exported.events:,} events to {name}")
    _tell(exported.flaws)


def _tell(flaws: Sequence[Flaw]) -> None:
    if flaws:
        for flaw in flaws:
            typer.echo(str(flaw), err=True)
        _stop("a chain is broken: what comes before the break was told, nothing after it", BROKEN)


def _store() -> DirectoryStore:
    import os

    from nhi_components.lifecycle.evidence.settings import EvidenceSettings, open_store

    return open_store(EvidenceSettings().with_environment(os.environ))


def _require_chains(store: DirectoryStore) -> None:
    if not store.chain_ids():
        _stop(f"no evidence in {store.directory}", BAD_USAGE_OR_NOTHING)


def _trusted(store: DirectoryStore, files: list[Path]) -> Callable[[], Mapping[str, VerifyingKey]]:
    from nhi_components.lifecycle.evidence.keys import VerifyingKey
    from nhi_components.lifecycle.evidence.reader import by_fingerprint

    given = by_fingerprint(VerifyingKey.from_file(path) for path in files)
    return lambda: given or by_fingerprint(store.pinned_keys())


def _since(text: str, now: datetime) -> datetime:
    import re
    from datetime import UTC, datetime, timedelta

    from nhi_components.core.errors import Problem, SpecError

    if match := re.fullmatch(r"([0-9]{1,5})([dh])", text):
        return now - timedelta(**{"days" if match[2] == "d" else "hours": int(match[1])})
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        expected, fix = "a day as YYYY-MM-DD, or days or hours", "write 2027-06-30, 7d or 12h"
        raise SpecError("nhi audit show", [Problem("--since", text[:40], expected, fix)]) from None


def _print(events: Sequence[Mapping[str, Any]]) -> None:
    from datetime import UTC, datetime

    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    for event in events:
        at = datetime.fromtimestamp(event["time"] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        actor = event.get("actor") or event["unmapped"].get("actor", {})
        name = actor.get("user", {}).get("name", "")
        by = f"  (by {name})" if name else ""
        style = "red" if "status_detail" in event else ""
        console.print(Text(f"{at}  {event['type_name']}  {event['message']}{by}", style=style))


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
