"""Tells whose data the rules go by, and of which day, so that a report can be compared with a later one."""

from __future__ import annotations

import json
from importlib import resources
from typing import Final

_PACKAGE: Final = "nhi_components.core"
_FILES: Final = {"aws": "aws_actions.json", "azure": "azure_operations.json", "gcp": "gcp_roles.json"}


def data_versions() -> dict[str, str]:
    """Give the source of each system's data, and its day where that is told."""
    return {system: _told(name) for system, name in _FILES.items()}


def _told(name: str) -> str:
    content = json.loads((resources.files(_PACKAGE) / "data" / name).read_bytes())
    return ", ".join(str(content[key]) for key in ("source", "date") if key in content)
