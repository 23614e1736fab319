"""What marks a thing on Google Cloud as a lease's, or as what a cut-off has left on it.

Accounts, custom roles, pools and providers take no labels: there the lease stands in the description, which has room
for 256 bytes. A binding has no description but that of its condition, whose title says whose it is; a binding without
a condition is known by the account that it is about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from nhi_components.core.tags import description_mark

LONGEST_DESCRIPTION: Final = 256
"""In bytes. Source: IAM, REST reference: `ServiceAccount.description`."""

CANARY_WINDOW: Final = timedelta(minutes=10)
"""How long the canary's way in stays open at most should we be killed before it is closed."""

TOKEN_CREATOR: Final = "roles/iam.serviceAccountTokenCreator"  # noqa: S105 - a role, not a token

_TIME = "%Y%m%dT%H%M%SZ"
_CUT_OFF = re.compile(r"(?:^|\s)nhi:cut-off=(\d{8}T\d{6}Z)(?:/(\d{8}T\d{6}Z))?(?=\s|$)")


@dataclass(frozen=True, slots=True)
class CutOffMark:
    """What an account's description says of a cut-off.

    Attributes:
        disabled_at: when it was disabled.
        refused_at: when an access token that had worked before was seen refused; None when none was.
    """

    disabled_at: datetime
    refused_at: datetime | None = None

    def __str__(self) -> str:
        """Write it as a word of a description."""
        refused = f"/{_stamp(self.refused_at)}" if self.refused_at else ""
        return f"nhi:cut-off={_stamp(self.disabled_at)}{refused}"


def with_lease(description: str, lease_id: str) -> str:
    """Write a lease's mark into a description; what there is no room for is cut off the words before it."""
    return _appended(description, description_mark(lease_id))


def with_cut_off(description: str, lease_id: str, mark: CutOffMark) -> str:
    """Write into a description that its account is cut off; the lease's mark stays whole."""
    words = without_cut_off(description).replace(description_mark(lease_id), "").strip()
    return _appended(words, f"{description_mark(lease_id)} {mark}")


def without_cut_off(description: str) -> str:
    """Take out of a description that its account is cut off."""
    return _CUT_OFF.sub("", description).strip()


def cut_off_of(description: str) -> CutOffMark | None:
    """Read from a description whether, and since when, its account is cut off."""
    found = _CUT_OFF.search(description)
    if found is None:
        return None
    return CutOffMark(_time(found[1]), _time(found[2]) if found[2] else None)


def binding_title(lease_id: str) -> str:
    """Write the title of the condition of a lease's binding."""
    return f"nhi {lease_id}"


def canary_title(lease_id: str) -> str:
    """Write the title of the condition under which a canary is opened."""
    return f"nhi-canary {lease_id}"


def canary_binding(lease_id: str, member: str, now: datetime) -> dict[str, Any]:
    """Write the binding by which the connection may open a canary, for a few minutes.

    Args:
        lease_id: the lease.
        member: whom the connection speaks for.
        now: Google's own time.
    """
    until = (now + CANARY_WINDOW).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {
        "title": canary_title(lease_id),
        "description": "lets the teardown open one token, to see it refused; removed at once",
        "expression": f'request.time < timestamp("{until}")',
    }
    return {"role": TOKEN_CREATOR, "members": [member], "condition": condition}


def is_canary(binding: Mapping[str, Any]) -> bool:
    """Tell whether a binding is one by which a teardown opens a canary."""
    condition = binding.get("condition") or {}
    return binding.get("role") == TOKEN_CREATOR and str(condition.get("title", "")).startswith("nhi-canary ")


def _appended(words: str, ending: str) -> str:
    room = LONGEST_DESCRIPTION - len(ending.encode()) - 1
    kept = words.encode()[:room].decode(errors="ignore").strip()
    return f"{kept} {ending}".strip()


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_TIME)


def _time(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
