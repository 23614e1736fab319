"""`nhi report`: what the inventory, its verdicts and the evidence tell, as a page, tables and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nhi_components.cli.discover import NOT_COMPLETE, InventoryOption
from nhi_components.cli.verdicts import SettingsOption

if TYPE_CHECKING:
    from nhi_components.lifecycle.evidence.settings import EvidenceSettings
    from nhi_components.lifecycle.reporting.content import Content
    from nhi_components.lifecycle.reporting.writing import Format


def report(
    out: Annotated[Path, typer.Option(file_okay=False, help="A folder; what is in it of the same name is replaced.")],
    formats: Annotated[
        str, typer.Option("--format", help="html, json, csv, parquet; several with commas between them.")
    ] = "html",
    inventory: InventoryOption = None,
    evidence: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="The folder of the evidence.",
            show_default="NHI_EVIDENCE_DIR, else a folder in the user's state directory",
        ),
    ] = None,
    settings: SettingsOption = None,
    record: Annotated[bool, typer.Option(help="Tell the audit trail that the inventory is written.")] = True,
) -> None:
    """Write a report: inventory, risk, ages, timeline, who can become whom, evidence, and controls of frameworks.

    It tells what scans have found and `nhi verdicts` has judged, and changes neither. The page is one file that needs
    no network. What was not seen, not judged or not verified is told as that.

    Exit codes: 0 written; 2 wrong input, nothing scanned or judged yet; 3 written, but not everything was seen and
    judged, or the evidence is not sound.
    """
    import os

    from nhi_components.cli.auditing import audit_log, inventory_exported
    from nhi_components.lifecycle.evidence.settings import open_store
    from nhi_components.lifecycle.inventory.settings import place_of_inventory
    from nhi_components.lifecycle.inventory.store import open_inventory
    from nhi_components.lifecycle.reporting.content import Soundness
    from nhi_components.lifecycle.reporting.gathering import gather
    from nhi_components.lifecycle.reporting.writing import write_report
    from nhi_components.lifecycle.verdicts.settings import read_settings

    chosen = _formats(formats)
    store = open_store(_evidence(evidence))
    opened = open_inventory(place_of_inventory(inventory, os.environ), must_exist=True)
    try:
        content = gather(opened, store, read_settings(settings))
    finally:
        opened.close()
    if record:
        audit_log().record(inventory_exported(chosen, len(content.living), os.environ))
    for file in write_report(content, chosen, out):
        typer.echo(str(file))
    _tell(content)
    sound = content.evidence.soundness is not Soundness.FLAWED
    raise typer.Exit(0 if content.whole and not content.outdated and sound else NOT_COMPLETE)


def _formats(told: str) -> list[Format]:
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.lifecycle.reporting.writing import Format

    named = [each.strip() for each in told.split(",")]
    if unknown := sorted(set(named) - set(Format)):
        problem = Problem("--format", ", ".join(unknown) or "none", "some of " + ", ".join(Format), "correct the name")
        raise SpecError("nhi report", [problem])
    return [Format(each) for each in dict.fromkeys(named)]


def _evidence(folder: Path | None) -> EvidenceSettings:
    import os

    from nhi_components.lifecycle.evidence.settings import EvidenceSettings

    told = EvidenceSettings().with_environment(os.environ)
    return told.model_copy(update={"directory": folder}) if folder else told


def _tell(content: Content) -> None:
    from nhi_components.lifecycle.reporting.content import Judgement, Soundness

    standing = sum(len(each.standing) for each in content.living)
    later = sum(each.judgement is Judgement.FOUND_LATER for each in content.identities)
    typer.echo(f"{len(content.living):,} identities, {standing:,} verdicts, as of {content.as_of:%Y-%m-%d %H:%M} UTC")
    if content.scan is None or not content.scan.complete:
        why = "no full scan has ended"
        if content.scan and content.scan.ended_at:
            why = f"{len(content.scan.unseen)} sections were not seen"
        typer.echo(f"not everything is told: {why}; see `nhi discover`")
    if content.outdated:
        typer.echo(f"the inventory was read after it was judged, {later:,} identities are new; run `nhi verdicts`")
    if content.evidence.soundness is Soundness.FLAWED:
        typer.echo(f"the evidence is not sound: {len(content.evidence.problems)} problems; see `nhi evidence verify`")
