"""Ways to an administrator as text for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nhi_components.facts.chain.model import Identity, Unlinked
from nhi_components.facts.chain.search import Found, Path
from nhi_components.facts.chain.words import sentence, step_in_words
from nhi_components.reports.words import counted, shown


@dataclass(frozen=True, slots=True)
class PathReport:
    """What was found among the identities of one stack, or a part of it that was asked for.

    Attributes:
        found: the search.
        paths: the ways to show.
        unlinked: grants whose holders are not known.
    """

    found: Found
    paths: tuple[Path, ...]
    unlinked: tuple[Unlinked, ...]

    def identity(self, key: str) -> Identity:
        """Give an identity by its key."""
        return self.found.graph.identities[key]


def as_tree(report: PathReport, *, colour: bool = False) -> str:
    """Write the ways as trees: those that share their end hang together.

    Args:
        report: what was found.
        colour: use ANSI colours.
    """
    lines: list[str] = []
    for path in report.paths:
        lines += _tree(report, path, colour=colour)
    for grant in report.unlinked:
        lines.append(shown(f"not known who holds {grant.resource.name} ({grant.path}): {grant.got}"))
    lines += list(_summary(report))
    return "".join(f"{line}\n" for line in lines)


def _tree(report: PathReport, path: Path, *, colour: bool) -> Iterator[str]:
    bold, plain = ("\x1b[1m", "\x1b[0m") if colour else ("", "")
    doubt = "" if path.certain else " (if a value that is not known yet allows it)"
    yield f"{bold}{shown(path.start.name)}{plain} [{path.start.kind}] {shown(path.start.resource.name)}{doubt}"
    indent = ""
    for step in path.steps:
        yield f"{indent}└─ {shown(step_in_words(report.found.graph, step))}"
        indent += "   "
        if step.place:
            yield f"{indent}   {shown(step.place)}"
    yield f"{indent}└─ {bold}{shown(path.power.how)}{plain}"
    if path.power.place:
        yield f"{indent}      {shown(path.power.place)}"
    yield ""


def _summary(report: PathReport) -> Iterator[str]:
    identities = len(report.found.graph.identities)
    of_all = "1 identity" if identities == 1 else f"{identities} identities"
    yield f"{counted(len(report.paths), 'path')} to an administrator, among {of_all}"
    if report.found.exhausted:
        yield "the search was given up: there are more pairs of identities than it tries"


def as_json(report: PathReport) -> str:
    """Write the ways as JSON."""
    document = {
        "version": 1,
        "identities": len(report.found.graph.identities),
        "complete": not report.found.exhausted,
        "paths": [_path(report, path) for path in report.paths],
        "unlinked": [
            {"resource": grant.resource.name, "path": grant.path, "got": grant.got} for grant in report.unlinked
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _path(report: PathReport, path: Path) -> dict[str, Any]:
    return {
        "from": _identity(path.start),
        "steps": [
            {
                "from": report.identity(step.source).name,
                "to": _identity(report.identity(step.target)),
                "how": step.how,
                "note": step.note,
                "place": step.place,
                "certain": step.certain,
            }
            for step in path.steps
        ],
        "power": {"how": path.power.how, "place": path.power.place},
        "certain": path.certain,
        "words": sentence(report.found.graph, path),
    }


def _identity(identity: Identity) -> dict[str, str]:
    return {"name": identity.name, "kind": identity.kind, "resource": identity.resource.name}


def chosen_paths(found: Found, keys: Iterable[str] | None) -> tuple[Path, ...]:
    """Choose the ways to show: of some identities, or of all that are not administrators by their own documents."""
    if keys is not None:
        return tuple(path for key in keys if (path := found.path_of(key)) is not None)
    return tuple(path for path in found.paths() if path.steps or not path.power.told)
