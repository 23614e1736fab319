"""How long a revocation may take."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from nhi_components.core.revocation import Revocation

ENDS = date(2027, 1, 31)
NOON = datetime(2027, 1, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("requirement", "limit"),
    [
        (Revocation.IMMEDIATE, timedelta(seconds=60)),
        (Revocation.MINUTES, timedelta(minutes=15)),
        (Revocation.AT_EXPIRY, timedelta(hours=12)),
    ],
)
def test_each_requirement_has_its_limit(requirement: Revocation, limit: timedelta) -> None:
    assert requirement.limit(ENDS, NOON) == limit


def test_after_the_end_date_nothing_is_left_of_the_time_until_expiry() -> None:
    late = datetime(2027, 2, 1, tzinfo=UTC)
    assert Revocation.AT_EXPIRY.limit(ENDS, late) == timedelta(0)


def test_the_end_is_the_utc_start_of_the_day_whatever_the_zone_of_the_start() -> None:
    started = datetime(2027, 1, 31, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert Revocation.AT_EXPIRY.limit(ENDS, started) == timedelta(minutes=30)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="started is naive"):
        Revocation.MINUTES.limit(ENDS, NOON.replace(tzinfo=None))
