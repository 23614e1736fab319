"""Plain data and calls as Python source, laid out as ruff and black leave it, whatever their line length.

Everything that holds something is spread over lines with a final comma, which both take for the author's wish.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Call:
    """A call with named arguments.

    Attributes:
        function: what is called, such as `nhi.Grant`.
        arguments: by name; None leaves one out.
        first: an argument without a name, before them.
    """

    function: str
    arguments: Mapping[str, Any]
    first: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """Source as it is."""

    text: str


def source(value: Any, depth: int = 0) -> str:
    """Write a value: text, a number, None, a `Call`, what is `Written`, or mappings and sequences of these."""
    match value:
        case str():
            return quoted(value)
        case Written():
            return value.text
        case Call():
            first = [] if value.first is None else [quoted(value.first)]
            told = [f"{name}={source(each, depth + 1)}" for name, each in value.arguments.items() if each is not None]
            return f"{value.function}{_spread('(', [*first, *told], ')', depth)}"
        case Mapping():
            return _spread("{", [f"{quoted(k)}: {source(v, depth + 1)}" for k, v in value.items()], "}", depth)
        case Sequence():
            return _spread("[", [source(each, depth + 1) for each in value], "]", depth)
        case _:
            return repr(value)


def quoted(text: str) -> str:
    """Write a text, with the quotes that need the fewest escapes."""
    written = json.dumps(text, ensure_ascii=False)
    if '"' in text and "'" not in text:
        return "'" + written[1:-1].replace('\\"', '"') + "'"
    return written


def _spread(begin: str, members: Sequence[str], end: str, depth: int) -> str:
    if not members:
        return begin + end
    inner = "".join(f"{_INDENT * (depth + 1)}{member},\n" for member in members)
    return f"{begin}\n{inner}{_INDENT * depth}{end}"
