"""Who can become whom, as the verdicts on paths read it, small enough for a page."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from nhi_components.lifecycle.inventory.store import Inventory
from nhi_components.lifecycle.reporting.content import Becoming, Step, Way
from nhi_components.lifecycle.verdicts.estate import duckdb_estate, export
from nhi_components.lifecycle.verdicts.judging import judge
from nhi_components.lifecycle.verdicts.paths import paths_to_admin
from nhi_components.lifecycle.verdicts.readings import Readings
from nhi_components.lifecycle.verdicts.settings import VerdictSettings


def becoming(inventory: Inventory, now: datetime) -> Becoming:
    """Read who can become whom.

    Args:
        inventory: what scans have found.
        now: the moment (aware) at which dated grants hold or not.
    """
    with TemporaryDirectory(prefix="nhi-report-") as folder:
        export(inventory, Path(folder))
        with duckdb_estate(Path(folder)) as estate:
            readings = Readings(estate, now)
            names, steps = readings.names, readings.steps
            shared = names.filter(names.name != names.node).semi_join(steps, names.name == steps.source).distinct()
            told_names = shared.to_pyarrow().to_pylist()
            told_steps = steps.distinct().to_pyarrow().to_pylist()
            told_ways = paths_to_admin(estate, readings).to_pyarrow().to_pylist()
    by_node: dict[str, list[str]] = defaultdict(list)
    for row in sorted(told_names, key=lambda row: (row["node"], row["name"])):
        by_node[row["node"]].append(row["name"])
    ways = {
        row["node"]: Way(row["hops"], row["next"], row["tale"], row["certain"])
        for row in sorted(told_ways, key=lambda row: row["node"])
    }
    return Becoming(
        names={node: tuple(each) for node, each in by_node.items()},
        steps=tuple(sorted(Step(row["source"], row["target"], row["how"], row["certain"]) for row in told_steps)),
        ways=ways,
    )


def nothing_is_wrong(inventory: Inventory, settings: VerdictSettings, now: datetime) -> bool:
    """Judge an inventory and keep nothing; tells one that was never judged from one of which all is well.

    Args:
        inventory: what scans have found.
        settings: what the team sets.
        now: the moment (aware).
    """
    with TemporaryDirectory(prefix="nhi-report-") as folder:
        export(inventory, Path(folder))
        with duckdb_estate(Path(folder)) as estate:
            return not judge(estate, settings, now).limit(1).to_pyarrow().num_rows
