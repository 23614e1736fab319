"""Ways to an administrator as pictures: Mermaid and Graphviz text, and SVG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from nhi_components.facts.chain.model import Identity, Step
from nhi_components.reports.graph import PathReport
from nhi_components.reports.words import shown

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 180, 44, 170, 26, 20
_MOST_LETTERS: Final = 24


@dataclass(frozen=True, slots=True)
class _Picture:
    """What is drawn: each identity and each step once, however many ways share them.

    Attributes:
        names: a short name for each identity, by key: `n0`.
        identities: by key, in the order of the names.
        steps: between them.
        administrators: keys of those at which ways end.
        distance: steps from an administrator, by key.
    """

    names: Mapping[str, str]
    identities: Mapping[str, Identity]
    steps: tuple[Step, ...]
    administrators: frozenset[str]
    distance: Mapping[str, int]


def _picture(report: PathReport) -> _Picture:
    identities: dict[str, Identity] = {}
    steps: dict[str, Step] = {}
    distance: dict[str, int] = {}
    for path in report.paths:
        identities.setdefault(path.start.key, path.start)
        distance[path.start.key] = len(path.steps)
        for number, step in enumerate(path.steps):
            steps[step.source] = step
            identities.setdefault(step.target, report.identity(step.target))
            distance[step.target] = len(path.steps) - number - 1
    names = {key: f"n{number}" for number, key in enumerate(identities)}
    ends = frozenset(key for key, steps_left in distance.items() if not steps_left)
    return _Picture(names, identities, tuple(steps.values()), ends, distance)


def as_mermaid(report: PathReport) -> str:
    """Write a flowchart in Mermaid's language."""
    picture = _picture(report)
    lines = ["flowchart LR"]
    for key, identity in picture.identities.items():
        lines.append(f'  {picture.names[key]}["{_entities(_title(identity))}"]')
    for step in picture.steps:
        arrow = "-->" if step.certain else "-.->"
        label = _entities(_label(step))
        lines.append(f'  {picture.names[step.source]} {arrow}|"{label}"| {picture.names[step.target]}')
    ends = [picture.names[key] for key in picture.identities if key in picture.administrators]
    if ends:
        lines += ["  classDef administrator fill:#fdd,stroke:#b00", f"  class {','.join(ends)} administrator"]
    return "\n".join(lines) + "\n"


def as_dot(report: PathReport) -> str:
    """Write a directed graph in Graphviz' language."""
    picture = _picture(report)
    lines = ["digraph paths {", "  rankdir=LR;", "  node [shape=box];"]
    for key, identity in picture.identities.items():
        style = ', style=filled, fillcolor="#ffdddd"' if key in picture.administrators else ""
        lines.append(f"  {picture.names[key]} [label={_quoted(_title(identity))}{style}];")
    for step in picture.steps:
        style = "" if step.certain else ", style=dashed"
        lines.append(
            f"  {picture.names[step.source]} -> {picture.names[step.target]} [label={_quoted(_label(step))}{style}];"
        )
    return "\n".join([*lines, "}"]) + "\n"


def as_svg(report: PathReport) -> str:
    """Draw the ways: administrators to the right, everyone else as many columns to the left as steps are needed."""
    picture = _picture(report)
    columns: dict[int, list[str]] = {}
    for key in picture.identities:
        columns.setdefault(picture.distance[key], []).append(key)
    most = max(columns, default=0)
    places = {
        key: (_MARGIN + (most - steps) * (_WIDTH + _GAP_X), _MARGIN + row * (_HEIGHT + _GAP_Y))
        for steps, keys in columns.items()
        for row, key in enumerate(keys)
    }
    width = 2 * _MARGIN + (most + 1) * _WIDTH + most * _GAP_X
    height = 2 * _MARGIN + max(map(len, columns.values()), default=1) * (_HEIGHT + _GAP_Y)
    body = [_arrow(step, places) for step in picture.steps]
    body += [_box(key, identity, places[key], picture) for key, identity in picture.identities.items()]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        'font-size="12"><defs><marker id="end" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z"/></marker></defs>\n' + "".join(body) + "</svg>\n"
    )


def _box(key: str, identity: Identity, place: tuple[int, int], picture: _Picture) -> str:
    x, y = place
    fill = "#ffdddd" if key in picture.administrators else "#eeeeff"
    return (
        f'<g><title>{escape(shown(identity.resource.name))}</title><rect x="{x}" y="{y}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" rx="6" fill="{fill}" stroke="#555"/><text x="{x + _WIDTH // 2}" y="{y + 18}" '
        f'text-anchor="middle">{escape(_short(identity.name))}</text><text x="{x + _WIDTH // 2}" y="{y + 34}" '
        f'text-anchor="middle" fill="#555">{escape(identity.kind)}</text></g>\n'
    )


def _arrow(step: Step, places: Mapping[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = places[step.source], places[step.target]
    x1, y1, y2 = x1 + _WIDTH, y1 + _HEIGHT // 2, y2 + _HEIGHT // 2
    dashes = "" if step.certain else ' stroke-dasharray="5 4"'
    return (
        f'<g><title>{escape(shown(_label(step)))}</title><path d="M{x1} {y1}L{x2} {y2}" stroke="#555" fill="none" '
        f'marker-end="url(#end)"{dashes}/><text x="{(x1 + x2) // 2}" y="{(y1 + y2) // 2 - 4}" text-anchor="middle" '
        f'font-size="11">{escape(_short(step.how))}</text></g>\n'
    )


def _title(identity: Identity) -> str:
    return f"{identity.name} ({identity.kind})"


def _label(step: Step) -> str:
    return f"{step.how}: {step.note}" if step.note else step.how


def _short(text: str) -> str:
    text = shown(text)
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def _entities(text: str) -> str:
    """Escape a text for Mermaid, whose entities begin with a number sign."""
    kept = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:/_-()*@+="
    return "".join(letter if letter in kept else f"#{ord(letter)};" for letter in text)


def _quoted(text: str) -> str:
    escaped = shown(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
