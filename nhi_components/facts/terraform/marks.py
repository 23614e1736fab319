"""Applies Terraform's marks to attributes: what is not known yet, and what is sensitive.

A mark is `true` for a whole value, or an object or list of marks for its parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from nhi_components.facts.values import UNKNOWN


def with_unknown(value: Any, marks: Any) -> Any:
    """Put `UNKNOWN` where a value is marked; an unknown attribute may be missing or null in the value."""
    if marks is True:
        return UNKNOWN
    if isinstance(marks, Mapping) and (isinstance(value, Mapping) or value is None):
        known = value or {}
        given = {
            name: with_unknown(known.get(name), mark) for name, mark in marks.items() if mark not in (False, {}, [])
        }
        return {**known, **given} if given else value
    if isinstance(marks, list) and (isinstance(value, list) or value is None):
        return [with_unknown(member, mark) for member, mark in zip_longest(value or (), marks)]
    return value


def conceal(value: Any, marks: Any) -> Any:
    """Put `UNKNOWN` for what is marked sensitive, except documents: they are judged, and hold no credential."""
    if marks is True:
        return value if value is None or _is_document(value) else UNKNOWN
    if isinstance(marks, Mapping) and isinstance(value, Mapping):
        return {name: conceal(member, marks.get(name)) for name, member in value.items()}
    if isinstance(marks, list) and isinstance(value, list):
        return [conceal(member, mark) for member, mark in zip_longest(value, marks[: len(value)])]
    return value


def marks_of_paths(paths: Any) -> dict[str, bool]:
    """Turn the paths of a state file into marks on the attributes in which they begin."""
    marks: dict[str, bool] = {}
    for path in paths if isinstance(paths, list) else ():
        first = path[0] if isinstance(path, list) and path else None
        if isinstance(first, Mapping) and isinstance(first.get("value"), str):
            marks[first["value"]] = True
    return marks


def _is_document(value: Any) -> bool:
    if isinstance(value, str):
        return '"Statement"' in value or "capabilities" in value or '"bindings"' in value
    return False
