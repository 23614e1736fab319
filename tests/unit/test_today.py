"""The day of an identity's life: real, or a later one that somebody wants to look ahead to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.today import VARIABLE, today

REAL = datetime.now(UTC).date()


def test_without_the_variable_it_is_the_real_day() -> None:
    assert today({}) in (REAL, REAL + timedelta(days=1))


def test_a_later_day_can_be_pretended() -> None:
    ahead = REAL + timedelta(days=400)
    assert today({VARIABLE: ahead.isoformat()}) == ahead


@pytest.mark.parametrize("text", [(REAL - timedelta(days=2)).isoformat(), "tomorrow", "2027-13-01"])
def test_an_earlier_day_would_let_identities_live_on(text: str) -> None:
    with pytest.raises(SpecError, match=VARIABLE):
        today({VARIABLE: text})
