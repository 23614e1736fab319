"""What a statement says in the words of OCSF, before its place in the chain is added; and the objects it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nhi_components.lifecycle.audit.ocsf_classes import Activity, Severity
from nhi_components.lifecycle.evidence.parts import Known, Stated

APP_NAME = "nhi"
_SERVICE = 4
"""`user.type_id` of a service account."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One event.

    Attributes:
        activity: what was done.
        time: when it happened.
        message: the same for people.
        fields: the attributes of its class.
        unmapped: what OCSF has no attribute for.
        severity: how much it matters.
        failed: why it was not done, or not all of it; None when it was.
        correlation: of which lease or case it is a part.
        original_id: the id that whoever told it has given it.
    """

    activity: Activity
    time: datetime
    message: str
    fields: Mapping[str, Any]
    unmapped: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = Severity.INFORMATIONAL
    failed: str | None = None
    correlation: str | None = None
    original_id: str | None = None


def milliseconds(time: datetime) -> int:
    """Tell a time as OCSF does: milliseconds since 1970."""
    return round(time.timestamp() * 1000)


def service(name: str, uid: str | None, **more: Any) -> dict[str, Any]:
    """Make the user object of a non-human identity; what is None is left out."""
    return given({"name": name, "uid": uid, "type_id": _SERVICE, "type": "Service", **more})


def given(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is None or empty."""
    return {name: value for name, value in attributes.items() if value is not None and value not in ("", [], {})}


def actor(user: Mapping[str, Any] | None) -> dict[str, Any]:
    """Make the actor: this program, and for whom it ran."""
    return given({"app_name": APP_NAME, "user": dict(user or {})})


def told(stated: Stated) -> str | None:
    """What was stated; None when nobody did."""
    return stated.value if isinstance(stated, Known) else None


def decided(approver: Stated, reason: Stated) -> dict[str, Any]:
    """Who approved and why, as it is kept under `unmapped`."""
    return given({"approver": told(approver), "reason": told(reason)})
