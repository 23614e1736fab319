"""How fast a revocation must be complete: from its start until every system refuses the identity.

The figures for `immediate` and `minutes` are this library's own; no standard gives any. They are set by what the
systems can do: Vault and AWS refuse a cut-off principal within seconds, while a change of IAM on GCP is 'typically
2 minutes, potentially 7 minutes or longer' and a role assignment on Azure takes 'up to 10 minutes'.
Sources: GCP IAM, access change propagation; Azure RBAC, troubleshooting.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

IMMEDIATE = timedelta(seconds=60)
"""Our own figure: what a person who stops a running agent waits for."""

MINUTES = timedelta(minutes=15)
"""Our own figure: the slowest documented propagation above, and half as much again."""

_NO_TIME = timedelta(0)


class Revocation(StrEnum):
    """How fast an identity's access must end everywhere once its revocation has started, the strictest first."""

    IMMEDIATE = "immediate"
    MINUTES = "minutes"
    AT_EXPIRY = "at-expiry"

    def limit(self, ends: date, started: datetime) -> timedelta:
        """Tell how long the revocation may take.

        Args:
            ends: the UTC day at whose start the identity ends.
            started: when the revocation started; aware.

        Returns:
            60 s for `immediate`, 15 min for `minutes`; for `at-expiry` what was left of the identity's life at the
            start: nothing when the end date had come, for then access ought to have ended before.

        Raises:
            ValueError: `started` is naive.
        """
        if started.tzinfo is None:
            raise ValueError("started is naive; give an aware datetime")
        match self:
            case Revocation.IMMEDIATE:
                return IMMEDIATE
            case Revocation.MINUTES:
                return MINUTES
            case Revocation.AT_EXPIRY:
                return max(datetime.combine(ends, time.min, UTC) - started, _NO_TIME)
