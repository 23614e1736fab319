"""Server-side apply: who manages which fields, and what an apply changes.

Lists count as one field each, as those of RBAC do (`x-kubernetes-list-type: atomic`). Source: Kubernetes documentation,
'Server-Side Apply'.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from tools.doubles.kubernetes.answers import Key, status
from tools.doubles.messages import Refusal

Path = tuple[str, ...]
Object = dict[str, Any]
_NOBODY_S = {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}


class Managers:
    """Who manages which fields of which object."""

    def __init__(self) -> None:
        self._fields: dict[Key, dict[str, set[Path]]] = {}

    def forget(self, key: Key) -> None:
        """Forget an object that is gone."""
        self._fields.pop(key, None)

    def wrote(self, key: Key, manager: str, before: Object, after: Object) -> None:
        """Note a write that was no apply: whoever changes a field manages it alone."""
        old, new = dict(_leaves(before)), dict(_leaves(after))
        changed = {path for path in new if path not in old or old[path] != new[path]}
        managed = self._fields.setdefault(key, {})
        for paths in managed.values():
            paths -= changed | {path for path in old if path not in new}
        managed.setdefault(manager, set()).update(changed)

    def apply(self, key: Key, manager: str, live: Object, wanted: Object, *, force: bool) -> Object:
        """Bring an object to what a manager wants of it, and leave the rest.

        Raises:
            Refusal: another manager has set a field to something else, and nothing is forced.
        """
        managed = self._fields.setdefault(key, {})
        leaves, now = dict(_leaves(wanted)), dict(_leaves(live))
        others = {who: paths for who, paths in managed.items() if who != manager}
        taken = [
            (who, path)
            for who, paths in others.items()
            for path in sorted(paths)
            if path in leaves and now.get(path) != leaves[path]
        ]
        if taken and not force:
            raise _conflicting(key, taken)
        after = copy.deepcopy(live)
        for path in managed.get(manager, set()) - leaves.keys():
            if not any(path in paths for paths in others.values()):
                _remove(after, path)
        for path, value in leaves.items():
            _put(after, path, value)
        for who, path in taken:
            managed[who].discard(path)
        managed[manager] = set(leaves)
        return after


def _conflicting(key: Key, taken: list[tuple[str, Path]]) -> Refusal:
    count = f"{len(taken)} conflict{'s' if len(taken) > 1 else ''}"
    told = "; ".join(f'conflict with "{who}": .{".".join(path)}' for who, path in taken)
    text = f"Apply failed with {count}: {told}"
    return Refusal(status(HTTPStatus.CONFLICT, "Conflict", text, key[0], key[2]))


def _leaves(value: Object, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, each in value.items():
        here = (*path, name)
        if isinstance(each, dict) and each:
            yield from _leaves(each, here)
        elif here not in _NOBODY_S:
            yield here, each


def _put(target: Object, path: Path, value: Any) -> None:
    for name in path[:-1]:
        inner = target.get(name)
        target[name] = target = inner if isinstance(inner, dict) else {}
    target[path[-1]] = copy.deepcopy(value)


def _remove(target: Object, path: Path) -> None:
    for name in path[:-1]:
        inner = target.get(name)
        if not isinstance(inner, dict):
            return
        target = inner
    target.pop(path[-1], None)
