"""Tells whose data the rules go by, and of which day, so that a report can be compared with a later one."""

from __future__ import annotations

import json
from importlib import resources
from typing import Final

_FILES: Final = {
    "aws": ("nhi_components.core", "aws_actions.json"),
    "azure": ("nhi_components.facts.azure", "operations.json"),
    "gcp": ("nhi_components.facts.gcp", "roles.json"),
}


def data_versions() -> dict[str, str]:
    """Give the source of each system's data, and its day where that is told."""
    return {system: _told(*place) for system, place in _FILES.items()}


def _told(package: str, name: str) -> str:
    content = json.loads((resources.files(package) / "data" / name).read_bytes())
    return ", ".join(str(content[key]) for key in ("source", "date") if key in content)
