"""`nhi verdicts`: what is wrong with which identity of the inventory, and how much that weighs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhi_components.cli.connections import Output, OutputOption
from nhi_components.cli.discover import NOT_COMPLETE, InventoryOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rich.text import Text

    from nhi_components.core.inventory.risk import Risk
    from nhi_components.core.inventory.verdicts import Judged, Verdict
    from nhi_components.lifecycle.inventory.latest import LastScan
    from nhi_components.lifecycle.inventory.reading import Listed
    from nhi_components.lifecycle.inventory.store import Inventory
    from nhi_components.lifecycle.verdicts.keeping import Assessment, Opening

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", exists=True, dir_okay=False, help="YAML: ages, weights, conflicts of duties."),
]


class EngineName(StrEnum):
    """Which engine runs the queries."""

    DUCKDB = "duckdb"
    SPARK = "spark"


def verdicts(
    name: Annotated[str | None, typer.Argument(help="Part of a name or key.", show_default="all")] = None,
    verdict: Annotated[list[str] | None, typer.Option(help="Only these, such as `unused`; repeat it.")] = None,
    system: Annotated[list[str] | None, typer.Option(help="Where they live; repeat it.")] = None,
    from_score: Annotated[int, typer.Option(min=0, max=100, help="Only identities with this risk score or more.")] = 0,
    details: Annotated[bool, typer.Option("--details", help="Each verdict with its reason.")] = False,
    settings: SettingsOption = None,
    engine: Annotated[EngineName, typer.Option(help="DuckDB in this process, or Spark.")] = EngineName.DUCKDB,
    spark: Annotated[str, typer.Option("--spark-master", help="The URL of the cluster.")] = "local[*]",
    record: Annotated[bool, typer.Option(help="Tell the audit trail what was found and what was cleared.")] = True,
    inventory: InventoryOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Judge every identity of the inventory, and show what is wrong with each, with reasons, points and OWASP risks.

    Verdicts are kept in the inventory with the day since when they stand. What a scan could not see is not judged, and
    is told.

    Exit codes: 0 nothing is wrong; 1 something is; 2 wrong input; 3 nothing was found, but not everything was seen.
    """
    import os

    from nhi_components.cli.connections import systems_named
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.lifecycle.inventory.latest import last_scan
    from nhi_components.lifecycle.inventory.reading import Chosen, listed
    from nhi_components.lifecycle.inventory.settings import place_of_inventory
    from nhi_components.lifecycle.inventory.store import open_inventory
    from nhi_components.lifecycle.verdicts.keeping import standing
    from nhi_components.lifecycle.verdicts.settings import read_settings

    kinds, chosen = (
        _verdicts(verdict or []),
        Chosen(systems=systems_named("nhi verdicts", system or []), name=name or ""),
    )
    opened = open_inventory(place_of_inventory(inventory, os.environ), must_exist=True)
    try:
        now = system_clock()
        assessment = _assess(opened, read_settings(settings), now, _opening(engine, spark), record)
        by_key = {(each.key, each.unique_id): each for each in listed(opened, chosen)}
        risks = _risks(standing(opened), by_key, kinds, from_score)
        scan = last_scan(opened)
    finally:
        opened.close()
    if output is Output.JSON:
        import json

        typer.echo(json.dumps(_document(assessment, risks, by_key, scan, now), indent=2))
    else:
        _show(assessment, risks, by_key, scan, details=details)
    whole = scan is not None and scan.complete
    raise typer.Exit(1 if risks else 0 if whole else NOT_COMPLETE)


def _verdicts(named: list[str]) -> list[Verdict]:
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.core.inventory.verdicts import Verdict

    if unknown := sorted(set(named) - set(Verdict)):
        problem = Problem("--verdict", ", ".join(unknown), "one of " + ", ".join(Verdict), "correct the name")
        raise SpecError("nhi verdicts", [problem])
    return [Verdict(each) for each in named]


def _opening(engine: EngineName, master: str) -> Opening:
    from functools import partial

    from nhi_components.lifecycle.verdicts.estate import duckdb_estate, spark_estate

    return duckdb_estate if engine is EngineName.DUCKDB else partial(spark_estate, master=master)


def _assess(inventory: Inventory, settings: Any, now: datetime, opening: Opening, record: bool) -> Assessment:
    import os

    from nhi_components.lifecycle.verdicts.keeping import assess
    from nhi_components.lifecycle.verdicts.telling import events_of, identities_of

    if not record:
        return assess(inventory, settings, now, opening)
    from nhi_components.cli.auditing import audit_log, operator

    log, actor = audit_log(), operator(os.environ)
    log.ensure_ready()

    def tell(changed: Assessment) -> None:
        about = identities_of(inventory, [*changed.found, *changed.cleared])
        log.record(*events_of(changed, about, now, actor))

    return assess(inventory, settings, now, opening, tell)


def _risks(
    judged: list[Judged], listed: Mapping[tuple[str, str], Listed], kinds: list[Verdict], from_score: int
) -> list[Risk]:
    from nhi_components.core.inventory.risk import risks_of

    risks = (risk for risk in risks_of(judged) if (risk.key, risk.unique_id) in listed and risk.score >= from_score)
    return [risk for risk in risks if not kinds or any(each.verdict in kinds for each in risk.verdicts)]


def _document(
    assessment: Assessment,
    risks: list[Risk],
    listed: Mapping[tuple[str, str], Listed],
    scan: LastScan | None,
    now: datetime,
) -> dict[str, Any]:
    return {
        "judgedAt": now.isoformat(),
        "scan": _of_scan(scan),
        "standing": assessment.standing,
        "found": len(assessment.found),
        "cleared": len(assessment.cleared),
        "identities": [_of_risk(risk, listed[risk.key, risk.unique_id]) for risk in risks],
    }


def _of_scan(scan: LastScan | None) -> dict[str, Any] | None:
    if scan is None:
        return None
    return {
        "number": scan.number,
        "startedAt": scan.started_at.isoformat(),
        "endedAt": scan.ended_at.isoformat() if scan.ended_at else None,
        "complete": scan.complete,
        "unseen": [{"source": each.source, "section": each.section, "reason": each.reason} for each in scan.unseen],
    }


def _of_risk(risk: Risk, listed: Listed) -> dict[str, Any]:
    return {
        "key": risk.key,
        "uniqueId": risk.unique_id,
        "system": listed.system,
        "place": listed.place,
        "kind": listed.kind,
        "name": listed.name,
        "owners": list(listed.owners),
        "score": risk.score,
        "owasp": list(risk.owasp),
        "verdicts": [
            {
                "verdict": each.verdict,
                "degree": each.degree,
                "reason": each.reason,
                "points": each.points,
                "owasp": list(each.owasp),
            }
            for each in risk.verdicts
        ],
    }


def _show(
    assessment: Assessment,
    risks: list[Risk],
    listed: Mapping[tuple[str, str], Listed],
    scan: LastScan | None,
    *,
    details: bool,
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if details:
        for risk in risks:
            console.print(_in_detail(risk, listed[risk.key, risk.unique_id]))
    elif risks:
        table = Table("score", "where", "name", "owner", "verdicts", "OWASP")
        for column in table.columns:
            column.overflow = "fold"
        for risk in risks:
            each = listed[risk.key, risk.unique_id]
            where, told = f"{each.system}/{each.place}", "\n".join(map(_named, risk.verdicts))
            row = (_score(risk), where, Text(each.name), Text(_owner(each)), Text(told), _owasp(risk.owasp))
            table.add_row(*row)
        console.print(table)
    console.print(
        f"{assessment.standing} verdicts stand; {len(assessment.found)} new, {len(assessment.cleared)} cleared"
    )
    if scan is None or not scan.complete:
        why = (
            "no full scan has ended"
            if scan is None or scan.ended_at is None
            else f"{len(scan.unseen)} sections were not seen"
        )
        console.print(f"[yellow]not everything is judged:[/] {why}; see `nhi discover`")


_HIGH = 50


def _in_detail(risk: Risk, listed: Listed) -> Text:
    from rich.text import Text

    told = Text.assemble(_score(risk), "  ", (risk.key, "bold"), f"\n    owner: {_owner(listed)}\n")
    for each in risk.verdicts:
        told.append(f"    +{each.points:<3} {_named(each)}: {each.reason} ({_owasp(each.owasp)})\n")
    return told


def _score(risk: Risk) -> Text:
    from rich.text import Text

    return Text(str(risk.score), style="red" if risk.score >= _HIGH else "")


def _owner(listed: Listed) -> str:
    return ", ".join(listed.owners) or "nobody"


def _named(judged: Judged) -> str:
    return f"{judged.verdict} {judged.degree}".strip()


def _owasp(risks: Sequence[str]) -> str:
    return ", ".join(risk.removesuffix(":2025") for risk in risks)
