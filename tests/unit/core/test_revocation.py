"""How long a revocation may take, and whether one was in time."""

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
def test_each_requirement_has_its_limit_and_the_limit_itself_is_in_time(
    requirement: Revocation, limit: timedelta
) -> None:
    assert requirement.limit(ENDS, NOON) == limit
    assert requirement.deadline(ENDS, NOON) == NOON + limit
    assert requirement.is_met(ENDS, NOON, NOON + limit)
    assert not requirement.is_met(ENDS, NOON, NOON + limit + timedelta(microseconds=1))


def test_after_the_end_date_nothing_is_left_of_the_time_until_expiry() -> None:
    late = datetime(2027, 2, 1, tzinfo=UTC)
    assert Revocation.AT_EXPIRY.limit(ENDS, late) == timedelta(0)
    assert not Revocation.AT_EXPIRY.is_met(ENDS, late, late + timedelta(seconds=1))


def test_the_end_is_the_utc_start_of_the_day_whatever_the_zone_of_the_start() -> None:
    started = datetime(2027, 1, 31, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert Revocation.AT_EXPIRY.limit(ENDS, started) == timedelta(minutes=30)
    assert Revocation.AT_EXPIRY.deadline(ENDS, started) == datetime(2027, 1, 31, tzinfo=UTC)


def test_naive_moments_and_a_completion_before_the_start_are_refused() -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(ValueError, match="started is naive"):
        Revocation.MINUTES.limit(ENDS, naive)
    with pytest.raises(ValueError, match="completed is naive"):
        Revocation.MINUTES.is_met(ENDS, NOON, naive)
    with pytest.raises(ValueError, match="is before started"):
        Revocation.MINUTES.is_met(ENDS, NOON, NOON - timedelta(seconds=1))
