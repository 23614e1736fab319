"""Choosing objects by labels and fields, and merging patches."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tools.doubles.kubernetes.answers import bad

Object = dict[str, Any]
_FIELDS = {
    "metadata.name": lambda found: found["metadata"]["name"],
    "metadata.namespace": lambda found: found["metadata"].get("namespace", ""),
    "type": lambda found: found.get("type", ""),
}


def merged(before: Any, patch: Any) -> Any:
    """Merge a patch (RFC 7386)."""
    if not isinstance(patch, dict) or not isinstance(before, dict):
        return copy.deepcopy(patch)
    kept = {name: value for name, value in before.items() if name not in patch}
    changed = {name: merged(before.get(name, {}), value) for name, value in patch.items() if value is not None}
    return copy.deepcopy({**kept, **changed})


def by_labels(selector: str) -> Callable[[Object], bool]:
    """Read a label selector of equalities and bare keys, joined by commas."""
    parts = [part.replace("==", "=").partition("=") for part in selector.split(",") if part]

    def chosen(found: Object) -> bool:
        labels = found["metadata"].get("labels") or {}
        return all(name in labels and (labels[name] == value or not equals) for name, equals, value in parts)

    return chosen


def by_fields(selector: str) -> Callable[[Object], bool]:
    """Read a field selector of equalities on the fields that are served."""
    parts = [part.replace("==", "=").partition("=") for part in selector.split(",") if part]
    for name, _, _ in parts:
        if name not in _FIELDS:
            raise bad(f'field label not supported: "{name}"')
    return lambda found: all(_FIELDS[name](found) == value for name, _, value in parts)
