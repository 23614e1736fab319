"""What a program registers, held against a golden graph; `UPDATE_GOLDEN=1` writes it anew for review."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

GOLDEN = Path(__file__).parent / "golden"


def assert_golden(program: Callable[[], object], registered: Any) -> None:
    """Assert that a program registers what the golden graph of its name says.

    Args:
        program: the program.
        registered: the fixture of that name.
    """
    graph = [_readable(resource) for resource in registered(program)]
    file = GOLDEN / f"{program.__name__}.yaml"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(yaml.safe_dump(graph, sort_keys=False, width=120, allow_unicode=True))
    assert sorted(graph, key=_order) == sorted(yaml.safe_load(file.read_text()), key=_order)


def _order(resource: dict[str, Any]) -> tuple[str, str]:
    """Parts that depend on the same part are registered side by side, in whichever order."""
    return resource["type"], resource["name"]


def _readable(resource: dict[str, Any]) -> dict[str, Any]:
    return {**resource, "inputs": {key: _document(value) for key, value in sorted(resource["inputs"].items())}}


def _document(value: Any) -> Any:
    """Show policy documents as structure, so that a change of theirs can be reviewed."""
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    if isinstance(value, dict):
        return {key: _document(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_document(item) for item in value]
    return value
