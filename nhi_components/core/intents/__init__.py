"""What a curated intent is, on whatever system: for one job, the least actions that do it, on one target."""

from __future__ import annotations

from nhi_components.core.intents.granting import Derive, grants_of
from nhi_components.core.intents.model import Condition, Intent, Parameter, Part, Shape

__all__ = ["Condition", "Derive", "Intent", "Parameter", "Part", "Shape", "grants_of"]
