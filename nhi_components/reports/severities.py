"""The order of severities."""

from __future__ import annotations

from nhi_components.core.findings import Severity

_RANK = {severity: rank for rank, severity in enumerate(reversed(Severity))}


def worse(one: Severity | None, other: Severity) -> Severity:
    """Give the worse of two; None is better than any."""
    return other if one is None or _RANK[other] > _RANK[one] else one


def at_least(severity: Severity, threshold: Severity) -> bool:
    """Tell whether a severity is as bad as the threshold, or worse."""
    return _RANK[severity] >= _RANK[threshold]
