"""Conditions and descriptions of an identity on Google Cloud; pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nhi_components.core import tags
from nhi_components.core.gcp_federation import cel_text

_LONGEST_DESCRIPTION: Final = 256
"""Bytes; of an account, a pool, a provider and a condition. A custom role's may have 300 (IAM, 'Quotas and limits')."""

_LONG_AGO: Final = "1970-01-01"


def marked_description(purpose: str, lease_id: str) -> str:
    """Write the description of what takes neither tags nor labels: the purpose, cut to fit, and the lease."""
    return tags.marked_description(purpose, lease_id, _LONGEST_DESCRIPTION)


def condition(
    ends: str, lease_id: str, purpose: str, prefixes: Sequence[str] = (), bucket: str = "", *, suspended: bool
) -> dict[str, str]:
    """Write the condition under which a binding holds: until the end date, never while suspended.

    Args:
        ends: the UTC day, `YYYY-MM-DD`, at whose start access ends.
        lease_id: the identity's lease.
        purpose: what the identity is for.
        prefixes: of the objects that alone are meant; none for all.
        bucket: relative name of the bucket that they are in.
        suspended: whether nobody may, so that the end is long ago.
    """
    until = f'request.time < timestamp("{_LONG_AGO if suspended else ends}T00:00:00Z")'
    named = " || ".join(f"resource.name.startsWith({cel_text(f'{bucket}/objects/{prefix}')})" for prefix in prefixes)
    narrowed = f"({named})" if len(prefixes) > 1 else named
    return {
        "title": f"nhi {lease_id}",
        "description": tags.cut(purpose, _LONGEST_DESCRIPTION),
        "expression": f"{narrowed} && {until}" if named else until,
    }
