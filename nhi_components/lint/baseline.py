"""Findings that are known already: a file of their fingerprints, which people review like code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from nhi_components.core.errors import Problem, SpecError
from nhi_components.facts.values import MalformedJson, parse_json
from nhi_components.reports.model import Entry

_VERSION: Final = 1
_EXPECTED: Final = "a file that `nhi lint --write-baseline` wrote"


def write_baseline(file: Path, entries: Iterable[Entry]) -> None:
    """Write the findings as known; the same findings always give the same text."""
    rows = [
        {
            "fingerprint": entry.fingerprint,
            "rule": entry.finding.rule,
            "resource": entry.finding.resource,
            "path": entry.finding.path,
        }
        for entry in entries
    ]
    rows.sort(key=lambda row: (row["resource"], row["path"], row["rule"], row["fingerprint"]))
    file.write_text(json.dumps({"version": _VERSION, "findings": rows}, indent=2) + "\n", encoding="utf-8")


def read_baseline(file: Path) -> Counter[str]:
    """Read how often each fingerprint is known.

    Raises:
        SpecError: when it is no baseline.
    """
    try:
        content = parse_json(file.read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            raise _bad(file, f"version {content['version']!r}", f"version {_VERSION}")
        return Counter(str(row["fingerprint"]) for row in content["findings"])
    except (OSError, UnicodeDecodeError, MalformedJson) as error:
        raise _bad(file, str(error), _EXPECTED) from None
    except (KeyError, TypeError):
        raise _bad(file, "JSON of another shape", _EXPECTED) from None


def new_entries(entries: Iterable[Entry], known: Counter[str]) -> tuple[list[Entry], int]:
    """Leave out what is known; tell also how many known findings are no more."""
    left = Counter(known)
    new = []
    for entry in entries:
        if left[entry.fingerprint] > 0:
            left[entry.fingerprint] -= 1
        else:
            new.append(entry)
    return new, left.total()


def _bad(file: Path, got: str, expected: str) -> SpecError:
    return SpecError("baseline", [Problem(str(file), got, expected, "write it anew with --write-baseline")])
