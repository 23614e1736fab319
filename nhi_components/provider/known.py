"""Values that are known only at deployment, and settings that may come as text; without the engine's own types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final


class Unknown:
    """Stands for a value that is known only at deployment."""

    def __repr__(self) -> str:
        return "<unknown until deployment>"


UNKNOWN: Final = Unknown()


def contains_unknown(value: Any) -> bool:
    """Tell whether any part of a plain value is unknown."""
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return value is UNKNOWN


def structured(value: Any) -> Any:
    """Read a setting that may come as JSON text, as provider and stack configuration give it; no JSON stays text."""
    if not isinstance(value, str) or not value.startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
