"""Pulumi stacks of a folder: one that a backend keeps, or one of exports.

Source: Pulumi documentation, 'Managing state and backends: DIY backends', and how engine 3.220 lays such a folder out:
`.pulumi/stacks/PROJECT/STACK.json`, and `.pulumi/history/PROJECT/STACK/STACK-TIME.history.json` for each update, whose
time is in nanoseconds. Either may be packed by gzip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.inventory.records import Manager, Record
from nhi_components.lifecycle.declared.deployments import Origin, declarations_in, deployment_of, origin_of
from nhi_components.lifecycle.declared.files import Files, content_of
from nhi_components.lifecycle.discovery.ports import NotSeen

_SUFFIXES: Final = (".json.gz", ".json")
_STATE: Final = ".pulumi"
_STACKS: Final = "stacks"
_HISTORY: Final = "history"
_UPDATE: Final = ".history"


def stacks_of_folder(folder: Path) -> Files:
    """Make the source of a folder: all stacks of a backend, or all `*.json` that lie in it.

    Args:
        folder: the backend's, with `.pulumi` in it; or one of files that `pulumi stack export` has written.

    Raises:
        SpecError: there is no such folder.
    """
    whole = folder.expanduser().resolve()
    if not whole.is_dir():
        expected = "a folder of a backend or of exports, or a backend's URL"
        raise SpecError("nhi discover", [Problem("--stacks", f"no folder {whole}", expected, "correct the path")])
    if (whole / _STATE / _STACKS).is_dir():
        base = whole / _STATE
        kept = base / _STACKS
        return Files(Manager.PULUMI, str(whole), kept, partial(_below, kept, "**/*"), partial(_of_backend, base))
    return Files(Manager.PULUMI, str(whole), whole, partial(_below, whole, "*"), partial(_of_export, whole))


def _below(folder: Path, pattern: str) -> list[str]:
    found = (each for each in folder.glob(pattern) if each.name.endswith(_SUFFIXES) and each.is_file())
    return sorted(each.relative_to(folder).as_posix() for each in found)


def _of_backend(base: Path, path: str, state: Mapping[str, Any]) -> Iterator[Record]:
    stack = _without_suffix(path)
    return declarations_in(stack, deployment_of(state), _origin(base / _HISTORY / stack))


def _of_export(folder: Path, path: str, state: Mapping[str, Any]) -> Iterator[Record]:
    return declarations_in(str(folder / path), deployment_of(state), Origin())


def _origin(history: Path) -> Origin:
    """Tell where the program of the newest update came from; history that can't be read hides no stack."""
    updates = [each for each in _listed(history) if _without_suffix(each.name).endswith(_UPDATE)]
    if not updates:
        return Origin()
    # The times have as many digits as one another until the year 2286.
    newest = max(updates, key=lambda each: each.name)
    try:
        return origin_of(content_of(newest))
    except NotSeen:
        return Origin()


def _listed(folder: Path) -> Iterable[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return ()


def _without_suffix(name: str) -> str:
    return next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)
