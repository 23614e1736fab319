"""The product's own commands, run as a user runs them: another process, its options, its JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

from tools.estate.papers import write
from tools.estate.running import Estate
from tools.estate.truth import Told

_SECONDS: Final = 900


def discover(estate: Estate, *, before: bool) -> None:
    """Scan everything.

    Args:
        estate: the estate.
        before: with the papers as they stood at the first scan.

    Raises:
        RuntimeError: something could not be seen.
    """
    papers = write(estate.ledger, estate.folder, before=before)
    scan = _run(estate, "discover", "--connections", str(estate.connections), *papers)
    if not scan["complete"]:
        unseen = [each for each in scan["sections"] if each["state"] != "read"]
        raise RuntimeError(f"not everything was seen: {unseen or scan['unreachable']}")


def judge(estate: Estate, engine: str = "duckdb") -> dict[str, frozenset[Told]]:
    """Have everything judged; give what was told of each identity, by key.

    Args:
        estate: the estate.
        engine: `duckdb` or `spark`.
    """
    told = _run(estate, "verdicts", "--engine", engine, "--spark-master", "local[2]")
    return {
        each["key"]: frozenset((verdict["verdict"], verdict["degree"]) for verdict in each["verdicts"])
        for each in told["identities"]
    }


def keys(estate: Estate) -> frozenset[str]:
    """Give the keys of all identities that were found."""
    return frozenset(each["key"] for each in _run(estate, "inventory"))


def _run(estate: Estate, *arguments: str) -> Any:
    command = [sys.executable, "-m", "nhi_components.cli.main", *arguments, "--output", "json"]
    environment: Mapping[str, str] = estate.environment
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise RuntimeError(f"nhi {arguments[0]} exits with {done.returncode}: {done.stderr[-4000:]}") from None
