"""What is timed, each stage in a process of its own, so that its peak memory is its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bench.inventory import baselines
from bench.inventory.estate import NOW, parts
from nhi_components.lifecycle.discovery.ports import Page
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.inventory.store import open_inventory
from nhi_components.lifecycle.reporting.gathering import gather
from nhi_components.lifecycle.reporting.writing import Format, write_report
from nhi_components.lifecycle.verdicts import ageing, answering
from nhi_components.lifecycle.verdicts.estate import duckdb_estate, export
from nhi_components.lifecycle.verdicts.keeping import assess, standing
from nhi_components.lifecycle.verdicts.paths import path_to_admin
from nhi_components.lifecycle.verdicts.readings import Readings
from nhi_components.lifecycle.verdicts.settings import STANDARD

_MEBI: Final = 1024


@dataclass(frozen=True, slots=True)
class Timed:
    """One stage.

    Attributes:
        seconds: that it took.
        peak: mebibytes that its process took at most.
        result: what it found, to be compared with what its baseline found.
    """

    seconds: float
    peak: float
    result: Mapping[str, int]


def timed_apart(stage: str, folder: Path, identities: int) -> Timed:
    """Run a stage in a process of its own."""
    line = [sys.executable, "-m", "bench.inventory.stages", stage, str(folder), str(identities)]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    return Timed(**json.loads(done.stdout.splitlines()[-1]))


def _ingest(folder: Path, identities: int) -> tuple[float, Mapping[str, int]]:
    inventory = open_inventory(str(folder / "inventory.db"))
    seconds, records = 0.0, 0
    number = inventory.begin(NOW)
    for part in parts(identities):
        begun = time.perf_counter()
        inventory.open_sections(number, part.source, [part.section])
        inventory.write(number, part.source, part.section, Page(part.records), NOW)
        seconds += time.perf_counter() - begun
        records += len(part.records)
    begun = time.perf_counter()
    inventory.end(number, NOW)
    seconds += time.perf_counter() - begun
    inventory.close()
    return seconds, {"records": records}


def _export(folder: Path, identities: int) -> tuple[float, Mapping[str, int]]:
    tables = folder / "tables"
    tables.mkdir()
    inventory = open_inventory(str(folder / "inventory.db"))
    begun = time.perf_counter()
    export(inventory, tables)
    seconds = time.perf_counter() - begun
    inventory.close()
    return seconds, {"tables": len(list(tables.iterdir()))}


def _simple_verdicts(folder: Path, identities: int) -> tuple[float, Mapping[str, int]]:
    begun = time.perf_counter()
    with duckdb_estate(folder / "tables") as estate:
        asked = {
            "unowned": answering.unowned(estate, STANDARD),
            "unused": ageing.unused(estate, STANDARD, NOW),
            "endless": ageing.endless(estate, STANDARD),
            "old-credential": ageing.old_credential(estate, STANDARD, NOW),
        }
        found = {name: table.count().to_pyarrow().as_py() for name, table in asked.items()}
    return time.perf_counter() - begun, found


def _all_verdicts(folder: Path, identities: int) -> tuple[float, Mapping[str, int]]:
    inventory = open_inventory(str(folder / "inventory.db"))
    begun = time.perf_counter()
    assess(inventory, STANDARD, NOW)
    seconds = time.perf_counter() - begun
    found = Counter(str(each.verdict) for each in standing(inventory))
    inventory.close()
    return seconds, dict(sorted(found.items()))


def _paths(folder: Path, identities: int) -> tuple[float, Mapping[str, int]]:
    begun = time.perf_counter()
    with duckdb_estate(folder / "tables") as estate:
        readings = Readings(estate, NOW)
        found = path_to_admin(estate, STANDARD.weights, readings).count().to_pyarrow().as_py()
        seconds = time.perf_counter() - begun
        readings.names.to_parquet(folder / "names.parquet")
        readings.steps.to_parquet(folder / "steps.parquet")
    return seconds, {"path-to-admin": found}


def _report(folder: Path, identities: int) -> tuple[float, Mapping[str, int]]:
    inventory = open_inventory(str(folder / "inventory.db"))
    begun = time.perf_counter()
    content = gather(inventory, DirectoryStore(folder / "evidence"), STANDARD)
    write_report(content, [Format.HTML, Format.PARQUET], folder / "report")
    seconds = time.perf_counter() - begun
    inventory.close()
    return seconds, {"identities": len(content.identities)}


def _sqlite(folder: Path, identities: int) -> tuple[float, Mapping[str, int]]:
    return baselines.plain_sqlite(folder / "plain.db", identities)


def _sql(folder: Path, identities: int) -> tuple[float, Mapping[str, int]]:
    return baselines.plain_sql(folder / "inventory.db")


def _networkx(folder: Path, identities: int) -> tuple[float, Mapping[str, int]]:
    return baselines.walk_of_networkx(folder, identities)


STAGES: Final[Mapping[str, Callable[[Path, int], tuple[float, Mapping[str, int]]]]] = {
    "ingest": _ingest,
    "ingest by sqlite3": _sqlite,
    "export": _export,
    "four verdicts": _simple_verdicts,
    "four verdicts by SQL": _sql,
    "paths to admin": _paths,
    "the walk by networkx": _networkx,
    "all verdicts, kept": _all_verdicts,
    "report, HTML and Parquet": _report,
}
"""In the order in which they run: a later one uses what an earlier one has written."""


def _main(stage: str, folder: str, identities: str) -> Any:
    seconds, result = STAGES[stage](Path(folder), int(identities))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEBI
    print(json.dumps(asdict(Timed(seconds, peak, result))))


if __name__ == "__main__":
    _main(*sys.argv[1:])
