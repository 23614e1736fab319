"""What every verdict's query gives, and the words that several of them use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from nhi_components.core.inventory.records import Guard
from nhi_components.core.inventory.verdicts import Verdict

if TYPE_CHECKING:
    import ibis

    from nhi_components.lifecycle.verdicts.estate import Estate

COLUMNS: Final = ("key", "unique_id", "verdict", "degree", "reason", "points")
_DAY: Final = 24 * 60 * 60


def verdict(found: ibis.Table, verdict: Verdict, degree: Any, reason: Any, points: Any) -> ibis.Table:
    """Give what a query has found as rows of verdicts.

    Args:
        found: rows with `key` and `unique_id`.
        verdict: which.
        degree: text, or a column of it.
        reason: a column of text.
        points: a number, or a column of it.
    """
    import ibis

    return found.select(
        found.key,
        found.unique_id,
        verdict=ibis.literal(str(verdict)),
        degree=ibis.literal(degree) if isinstance(degree, str) else degree,
        reason=ibis.literal(reason) if isinstance(reason, str) else reason,
        points=(ibis.literal(points) if isinstance(points, int) else points).cast("int64"),
    )


def accountable(estate: Estate) -> ibis.Table:
    """Give the identities that somebody must answer for, each once, however many sections tell of it.

    A service answers for those that it has made for itself.
    """
    identities = estate["identities"].distinct(on=["key", "unique_id"], keep="first")
    return identities.filter(identities.guard.isnull() | (identities.guard != str(Guard.SERVICE_LINKED)))


def naive(now: datetime) -> datetime:
    """Give a moment as the estate has it: in UTC, without saying so."""
    return now.astimezone(UTC).replace(tzinfo=None)


def days_before(moment: Any, now: datetime) -> Any:
    """Give how many whole days a column of times lies before a moment.

    Args:
        moment: the column.
        now: the moment (aware).
    """
    import ibis

    return ((ibis.literal(int(now.timestamp())) - moment.epoch_seconds()) // _DAY).cast("int64")


def day(moment: Any) -> Any:
    """Give a column of times as days, `YYYY-MM-DD`."""
    return moment.date().cast("string")


def stepped(days: Any, steps: Mapping[int, int]) -> tuple[Any, Any]:
    """Give the highest step that a column of days has reached, as text, and its points; it has reached the lowest.

    Args:
        days: the column.
        steps: points from so many days on.
    """
    import ibis

    rising = sorted(steps, reverse=True)
    degree = ibis.cases(*((days >= step, str(step)) for step in rising), else_=str(rising[-1]))
    points = ibis.cases(*((days >= step, steps[step]) for step in rising), else_=steps[rising[-1]])
    return degree, points
